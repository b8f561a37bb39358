"""Several processes of this machine that train together, as a launcher would start them."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from jpegproof.training.ranks import Ranks, joined, launched_ranks


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def launched_as(rank: int, count: int, port: int) -> dict[str, str]:
    """The variables that torchrun sets."""
    of_machine = {"LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(count)}
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    } | of_machine


def together(works: Mapping[str, Callable[[Ranks, Path], Any]], folder: Path, count: int = 2) -> dict[str, list[Any]]:
    """What each process answers to each piece of work, the first process's answers first.

    Args:
        works: functions of modules, done one after the other, each in a group of its own; an error is an answer.
        folder: for what they write.
        count: of processes.
    """
    ports = [free_port() for _ in works]
    context = multiprocessing.get_context("spawn")
    started = [
        context.Process(target=_work, args=(works, folder, rank, count, ports, list(sys.path)), daemon=True)
        for rank in range(count)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(240)
    assert [process.exitcode for process in started] == [0] * count
    answers = [torch.load(folder / f"answers-{rank}.pt", weights_only=False) for rank in range(count)]
    return {name: [answer[name] for answer in answers] for name in works}


def _work(
    works: Mapping[str, Callable[[Ranks, Path], Any]],
    folder: Path,
    rank: int,
    count: int,
    ports: list[int],
    path: list[str],
) -> None:
    sys.path[:] = path
    torch.set_num_threads(1)
    answers = {}
    for (name, work), port in zip(works.items(), ports, strict=True):
        os.environ.update(launched_as(rank, count, port))
        ranks = launched_ranks()
        try:
            with joined(ranks, torch.device("cpu")):
                answers[name] = work(ranks, folder)
        except Exception as error:
            answers[name] = f"{type(error).__name__}: {error}"
    torch.save(answers, folder / f"answers-{rank}.pt")
