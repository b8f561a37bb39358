"""The same files through other decoders and other resizers than a model was trained with, and what the model says."""
