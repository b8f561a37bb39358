"""What in a picture a network's answer rests on: its gradient at the input, and Grad-CAM."""
