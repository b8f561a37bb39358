"""The command line: a file per verb, thin; nothing heavy is imported before a verb runs."""
