"""Data sets in the field's own layouts, plain folders without labels, and the embedded world."""
