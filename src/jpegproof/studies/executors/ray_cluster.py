"""A Ray cluster: found or started, how much it has room for, and left again."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

import torch

from jpegproof.exceptions import JpegproofError, StoreError, missing_extra
from jpegproof.studies.cluster_address import check_address
from jpegproof.studies.engine import Hands, usable_cores

#: Bytes of shared memory for a cluster on this machine: all that goes through it is the plan.
_SHARED_MEMORY = 256 * 2**20

#: Seconds for a cluster's machine to answer at all.
_LISTENER_SECONDS = 15.0

#: Nothing about the use of Ray is sent to anybody, and GPUs stay as visible as they are.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class RayCluster:
    """A connection to Ray: to a running cluster, or to one that is started on this machine and ends with it.

    Args:
        hands: names the cluster, and what each worker needs of it.

    Raises:
        MissingExtraError: Ray is not installed.
        StoreError: there is no such cluster, or it cannot be used from here.
        JpegproofError: the device is one of this machine's.
    """

    def __init__(self, hands: Hands) -> None:
        device = torch.device(hands.device)
        if device.index is not None:
            raise JpegproofError(f"device {hands.device!r}: Ray chooses among the GPUs of each machine; say cuda")
        self._cores, self._gpus = hands.threads, 0 if device.type == "cpu" else 1
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError as error:
            raise missing_extra("ray", "ray", "the executor ray") from error
        self._ray: Any = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            self._join(hands)

    @property
    def worker_needs(self) -> dict[str, float]:
        """What a worker takes of a machine, as Ray's options say it."""
        return {"num_cpus": self._cores, "num_gpus": self._gpus}

    @property
    def version(self) -> str:
        """Ray's."""
        return str(self._ray.__version__)

    @property
    def address(self) -> str:
        """``HOST:PORT`` of its head."""
        return str(self._ray.get_runtime_context().gcs_address)

    def machines(self) -> list[dict[str, float]]:
        """The resources of each machine that is there at the moment."""
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def room(self) -> int:
        """How many workers the machines of the moment have room for, other people's work aside."""
        return sum(self._fit(resources) for resources in self.machines())

    def needs_in_words(self) -> str:
        """What a worker takes of a machine, for messages."""
        cores = f"{self._cores} CPU" + ("s" if self._cores > 1 else "")
        return cores + (" and 1 GPU" if self._gpus else "")

    def close(self) -> None:
        """Leaves the cluster; one that was started here ends."""
        if self._ours:
            self._ray.shutdown()

    def _fit(self, resources: dict[str, float]) -> int:
        fit = int(resources.get("CPU", 0) // self._cores)
        return min(fit, int(resources.get("GPU", 0) // self._gpus)) if self._gpus else fit

    def _join(self, hands: Hands) -> None:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        address = hands.address or os.environ.get("RAY_ADDRESS")
        if address and not hands.address:
            check_address(address, "$RAY_ADDRESS")
        try:
            _require_listener(address)
            if address:
                self._ray.init(address=address, **quiet)
                return
            cores = hands.workers * hands.threads or usable_cores()
            self._ray.init(
                address="local",
                num_cpus=cores,
                include_dashboard=False,
                object_store_memory=_SHARED_MEMORY,
                **quiet,
            )
        except (self._ray.exceptions.RayError, RuntimeError, ValueError, OSError, ImportError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if not address:
                raise StoreError(f"Ray cannot be started on this machine: {said}") from error
            if _is_refused(error):
                raise StoreError(
                    f"the Ray cluster at {address} asks for a token that this machine does not give. Set "
                    "RAY_AUTH_MODE=token here, and have the same ~/.ray/auth_token here as on the machine of its head"
                ) from error
            raise StoreError(
                f"the Ray cluster at {address} cannot be used: {said}. Start one with: ray start --head; or leave "
                "--address out to have one started on this machine for as long as the study runs"
            ) from error


def _require_listener(address: str | None) -> None:
    """Raises OSError where nobody listens at ``HOST:PORT``: Ray itself would try for minutes."""
    host, sign, port = (address or "").removeprefix("ray://").rpartition(":")
    if sign and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _LISTENER_SECONDS).close()


def _is_refused(error: BaseException) -> bool:
    """Whether a cluster wants a token; Ray hides that in the causes of an error that speaks of the connection."""
    causes: BaseException | None = error
    while causes is not None:
        if type(causes).__name__ == "AuthenticationError" or "AuthenticationError" in str(causes):
            return True
        causes = causes.__cause__
    return False
