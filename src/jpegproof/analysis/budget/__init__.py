"""Which quality is good enough: one-sided bounds on what is lost, tested quality by quality."""
