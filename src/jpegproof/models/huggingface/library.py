"""transformers, imported when a model of it is asked for, and kept quiet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from jpegproof.exceptions import missing_extra


def transformers_library() -> ModuleType:
    """transformers itself.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise missing_extra("transformers", "hf", "a model named hf:...") from error
    return transformers


@contextmanager
def quiet(library: ModuleType) -> Iterator[None]:
    """Within it transformers logs errors alone and draws no bars; afterwards it does as before."""
    logging = library.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
