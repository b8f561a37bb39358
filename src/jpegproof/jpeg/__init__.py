"""JPEG itself: compress, decode, and read what a file says of itself. Knows nothing of models."""
