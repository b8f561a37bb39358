"""The ADE20K networks of MIT CSAIL: seven encoders and decoders that fit the published pairs of checkpoints."""
