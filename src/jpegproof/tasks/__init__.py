"""What a model is asked: one file a task, one small protocol for all. Knows nothing of correctors."""
