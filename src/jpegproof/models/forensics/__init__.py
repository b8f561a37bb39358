"""Detectors of fake pictures: published ones and users' own."""
