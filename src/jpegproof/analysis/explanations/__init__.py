"""Explanations as numbers: how far a cure, or none, leaves what a network looks at where it was."""
