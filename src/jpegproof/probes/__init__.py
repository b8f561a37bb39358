"""What runs a study's networks again, to look at single pictures."""
