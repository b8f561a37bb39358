"""How fast models are behind each cure, in use and in training, and how much memory they take."""
