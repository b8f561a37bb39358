"""Training correctors and models: one resumable loop; what differs is the objective."""
