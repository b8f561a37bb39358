"""COCO's detection metrics as functions of picture weights: match once, resample as often as you like."""
