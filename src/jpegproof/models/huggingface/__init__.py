"""Image models of Hugging Face transformers: classifiers, detectors, segmenters, and whatever else takes pictures."""
