"""Where networks come from, each with its task and its preparation."""
