"""Bytes of a JPEG in, a model's input out: correction at a bounded cost."""
