"""What turns a decoded JPEG into better pixels. Knows nothing of tasks and models."""
