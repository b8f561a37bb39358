"""A server under load: threads post the hazard corpus to the example on this machine, every answer is checked.

    python -m benchmarks.load_test --requests 10000 --threads 32 --out docs/results/load_test.json

The corpus is one JPEG of every odd kind (tests/support/jpeg_fixtures.py) and generated pictures at qualities 30 to 95.
The right answers are made in this process, alone, before the server starts. Memory is the server's resident set.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from jpeg_fixtures import fixtures  # noqa: E402

import jpegproof  # noqa: E402
from jpegproof.data.world_pictures import WorldPictures  # noqa: E402
from jpegproof.jpeg.codec import encode  # noqa: E402
from jpegproof.jpeg.compression import Compression  # noqa: E402

MODEL = "jpegproof:world-classifier"


def corpus() -> dict[str, bytes]:
    """Uploads by name: the odd kinds, and ordinary pictures of several qualities."""
    world = WorldPictures("test", 14)
    files = dict(fixtures())
    for number in range(len(world)):
        files[f"quality {30 + 5 * number}"] = encode(world.pixels(number), Compression("jpeg", 30 + 5 * number))
    return files


def run_load(requests: int, threads: int, folder: Path | None = None) -> dict[str, Any]:
    """Starts the server, asks it, stops it.

    Returns:
        ``requests``, ``wrong`` (answers that are not those of the pipeline alone), ``failed`` (no answer at all),
        ``seconds``, ``p50_ms``, ``p99_ms``, and the server's memory in MiB after the first tenth and at the end.
    """
    with tempfile.TemporaryDirectory() as scratch:
        place = folder or jpegproof.export(MODEL, Path(scratch) / "deployed", gate=True).folder
        pipeline = jpegproof.load(place)
        files = corpus()
        wanted = {name: _expected(pipeline, data) for name, data in files.items()}
        port = _free_port()
        server = subprocess.Popen([sys.executable, str(ROOT / "examples" / "serve.py"), str(place), str(port)])
        try:
            _wait_for(port, server)
            return {"threads": threads, "files": len(files)} | _asked(server, port, requests, threads, files, wanted)
        finally:
            server.terminate()
            server.wait(30)


def _expected(pipeline: Any, data: bytes) -> tuple[int, Any]:
    answer = pipeline(data)
    plain = json.loads(json.dumps(answer.plain()))
    return (200, plain) if answer.ok else (422, {"detail": plain})


def _asked(
    server: subprocess.Popen[bytes],
    port: int,
    requests: int,
    threads: int,
    files: dict[str, bytes],
    wanted: dict[str, tuple[int, Any]],
) -> dict[str, Any]:
    names = list(files)
    wrong: list[str] = []
    failed: list[str] = []
    taken: list[float] = []
    memory: list[float] = []
    numbers = iter(range(requests))
    lock = threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                number = next(numbers, None)
                if number is not None and number % max(requests // 20, 1) == 0:
                    memory.append(_resident_mib(server.pid))
            if number is None:
                return
            name = names[number % len(names)]
            begun = time.perf_counter()
            try:
                connection.request("POST", "/answer", body=files[name])
                response = connection.getresponse()
                found = response.status, json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                failed.append(f"{name}: {error!r}")
                connection.close()
                continue
            taken.append(time.perf_counter() - begun)
            if found != wanted[name]:
                wrong.append(f"{name}: {found} in place of {wanted[name]}")

    begun = time.perf_counter()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - begun
    memory.append(_resident_mib(server.pid))
    return {
        "requests": requests,
        "wrong": len(wrong),
        "failed": len(failed),
        "examples": [*wrong[:3], *failed[:3]],
        "server_alive": server.poll() is None,
        "seconds": round(seconds, 1),
        "p50_ms": round(1000 * _share(taken, 0.5), 1),
        "p99_ms": round(1000 * _share(taken, 0.99), 1),
        "memory_mib": [round(value) for value in memory],
    }


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else float("nan")


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start in two minutes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--folder", type=Path, help="an export (default: the embedded world's classifier, gated)")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = run_load(args.requests, args.threads, args.folder)
    print(json.dumps(found, indent=1))
    if args.out is not None:
        args.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
