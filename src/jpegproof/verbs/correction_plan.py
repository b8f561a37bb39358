"""Which file is corrected into which: every input and its output, decided by names alone, before anything is read."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jpegproof.data.files import is_picture_name, no_pictures, pictures_below
from jpegproof.exceptions import DataError, StoreError
from jpegproof.verbs.whole_file import ignores_case


@dataclass(frozen=True, slots=True)
class Task:
    """One file to correct.

    Attributes:
        source: the input.
        place: where its correction is or will be, below the output folder.
        target: the same with the output folder.
    """

    source: Path
    place: Path
    target: Path


def plan_tasks(inputs: Iterable[str | Path], out: Path, suffix: str) -> list[Task]:
    """Pairs every input with an output.

    A folder gives every picture below it, in its layout. An input file lands in the output folder itself. Names keep
    their stem; where two would be the same, as those of ``a.jpg`` and ``a.jpeg``, each keeps its whole old name
    (``a.jpg.png``, ``a.jpeg.png``). A file that is given twice is corrected once.

    Args:
        inputs: files and folders.
        out: the output folder; it need not be there.
        suffix: of the outputs, such as ``.png``.

    Raises:
        DataError: an input is missing, a folder holds no pictures, or two inputs of the same name lie in different
            folders.
        StoreError: an output would lie in an input folder or replace an input.
    """
    paths = [Path(item).expanduser() for item in inputs]
    if not paths:
        raise DataError("no pictures are given; name files or folders")
    folders = [path for path in paths if path.is_dir()]
    sources: dict[str, tuple[Path, Path]] = {}
    for path in paths:
        for source, place in _sources(path):
            sources.setdefault(os.path.abspath(source), (source, place))  # noqa: PTH100 (resolve() would follow links)
    # A folder that is given under two names has each file twice in the same place.
    different = {(_real(source), place): (source, place) for source, place in reversed(sources.values())}
    tasks = [
        Task(source, place, out / place)
        for source, place in _unambiguous(sorted(different.values(), key=_by_place), suffix)
    ]
    _refuse_inputs_as_outputs(tasks, folders, out)
    return tasks


def _sources(path: Path) -> list[tuple[Path, Path]]:
    """(file, path below the output folder) of everything that an input stands for."""
    if path.is_dir():
        found = pictures_below(path)
        if not found:
            raise no_pictures(path)
        return [(file, file.relative_to(path)) for file in found]
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder; check the path")
    return [(path, Path(path.name))]


def _by_place(item: tuple[Path, Path]) -> tuple[Path, Path]:
    return item[1], item[0]


def _unambiguous(sources: Sequence[tuple[Path, Path]], suffix: str) -> list[tuple[Path, Path]]:
    """(file, output below the output folder), no output twice; upper and lower case count as the same."""
    whole = {source: place.with_name(place.name + suffix) for source, place in sources}
    places = {
        source: place.with_suffix(suffix) if is_picture_name(place.name) else whole[source] for source, place in sources
    }
    while True:
        groups: defaultdict[str, list[Path]] = defaultdict(list)
        for source, place in places.items():
            groups[str(place).casefold()].append(source)
        clashing = [source for group in groups.values() if len(group) > 1 for source in group]
        shortened = [source for source in clashing if places[source] != whole[source]]
        if not shortened:
            break
        places |= {source: whole[source] for source in shortened}
    taken: dict[Path, Path] = {}
    for source, place in places.items():
        other = taken.setdefault(place, source)
        if other != source:
            raise DataError(
                f"{other} and {source} would both become {place} in the output folder; correct them into different "
                "folders, one command each"
            )
    return [(source, place) for place, source in taken.items()]


def refuse_clashes(tasks: Iterable[Task]) -> None:
    """Refuses outputs that would be one file where upper and lower case are the same; their folders must be there.

    Raises:
        DataError: two outputs are one; the message names their inputs.
        OSError: a folder cannot be written.
    """
    groups: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        groups[str(task.place).casefold()].append(task)
    for first, *others in groups.values():
        if others and ignores_case(first.target.parent):
            raise DataError(
                f"{first.source} and {others[0].source} would both become {first.place} in the output folder, where "
                "upper and lower case are the same; correct them into different folders, one command each"
            )


def _refuse_inputs_as_outputs(tasks: Sequence[Task], folders: Sequence[Path], out: Path) -> None:
    """Nothing is ever written into a folder that is read, or over a file that is read, under whatever name."""
    inside = {_identity(folder): folder for folder in folders}
    read = {_identity(task.source) for task in tasks}
    for parent in dict.fromkeys(task.target.parent for task in tasks):
        real = _real(parent)
        for identity in (_identity(folder) for folder in (real, *real.parents)):
            if identity is not None and identity in inside:
                raise StoreError(
                    f"{out}: outputs would be written into the input folder {inside[identity]}; "
                    "name an output folder outside of it"
                )
    for task in tasks:
        identity = _identity(task.target)
        if identity is not None and identity in read:
            raise StoreError(
                f"{task.target}: is one of the inputs, and no input is ever written over; name another output folder"
            )


def _identity(path: Path) -> tuple[int, int] | None:
    """What two names of one file have in common, be they links or of another case; None where nothing is there."""
    for look in (os.stat, os.lstat):  # a link to itself is there, and leads nowhere
        try:
            found = look(path)
        except OSError:
            continue
        return found.st_dev, found.st_ino
    return None


def _real(path: Path) -> Path:
    """The path with all links followed; unlike `Path.resolve`, a link to itself is left as it is."""
    return Path(os.path.realpath(path))
