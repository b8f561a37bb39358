"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# No test is timed: how long an example takes says more of what else the machine is doing than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
