"""What it costs that a server prepares pictures otherwise than the training code did."""
