"""How near a corrected picture comes to its original: the metrics, one a file, and the benchmark made of them."""
