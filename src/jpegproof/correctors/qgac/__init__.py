"""Quantisation guided artifact correction on DCT coefficients, as published, and repaired for training.

Source: M. Ehrlich, L. Davis, S.-N. Lim, A. Shrivastava, Quantization Guided JPEG Artifact Correction, ECCV 2020; the
two networks, their checkpoints' layout and the statistics of coefficients as in the repositories Queuecumber/m3l
(commit 1323fd9) and Queuecumber/torchjpeg (commit 03e01c4), both MIT. The code here is jpegproof's own.
"""
