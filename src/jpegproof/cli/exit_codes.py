"""What the program's exit codes mean, for scripts. 0 is fine; a bug keeps its traceback and Python's own 1."""

#: A mistake in what was given; argparse's own for arguments.
MISTAKE = 2

#: Predictions are missing: units of work failed (``failed.csv``), or the study has not run to its end.
UNFINISHED = 3

#: Stopped by Ctrl-C: 128 and the signal's number, as shells say it.
INTERRUPTED = 130
