"""What holds for all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

from jpegproof.data.cache_folder import VARIABLE

# No test is timed: how long an example takes says more of what else the machine is doing than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory):
    """What is remembered of the tests' files does not lie among what is remembered of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield
