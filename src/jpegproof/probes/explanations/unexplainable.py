"""A picture of which there is nothing to explain: left out and counted, never the end of a run."""

from __future__ import annotations


class UnexplainableError(Exception):
    """Why one picture, or one version of it, cannot be explained; never reaches a user as an error."""
