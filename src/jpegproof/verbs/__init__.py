"""What jpegproof does, each as one function: the Python API, and what the command line calls."""
