"""A hundred megapixels within two gigabytes, torch and all.

With a thin network, since the default one takes minutes: what that takes, `benchmarks/large_picture.py` tells.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from jpeg_files import smooth_picture
from PIL import Image

from jpegproof.correctors.default import corrector_bytes, load_corrector, untrained_corrector
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import to_pixels
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression

GIBIBYTES = 2

# The highest resident memory of a process of its own, in kilobytes. (What getrusage tells of a child begins with what
# its parent took.)
MEASURE = """
import sys
from jpegproof.cli.main import main
code = main(["correct", *sys.argv[1:], "--threads", "1", "--device", "cpu", "--quiet"])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print("peak", status["VmHWM"].split()[0])
sys.exit(code)
"""


def awake_corrector() -> GridCorrector:
    """A small network that changes every picture."""
    corrector = untrained_corrector(0, width=16, depth=1)
    torch.manual_seed(1)
    for name, parameter in corrector.network.named_parameters():
        if name.startswith("tail"):
            torch.nn.init.normal_(parameter, std=0.02)
    return corrector


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
@pytest.mark.parametrize("options", [(), ("--gate",)])
def test_a_hundred_megapixels_are_corrected_in_under_two_gibibytes(tmp_path: Path, options: tuple[str, ...]):
    texture = smooth_picture(1000, 1000)
    # The most that a decoder has to keep: every coefficient until the last scan.
    compression = Compression(quality=30, subsampling="4:4:4", progressive=True)
    (tmp_path / "large.jpg").write_bytes(encode(np.tile(texture, (10, 10, 1)), compression))
    corrector = awake_corrector()
    weights = tmp_path / "small.safetensors"
    weights.write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network))

    command = [sys.executable, "-c", MEASURE, "large.jpg", "--out", "out", "--corrector", str(weights), *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 corrected" in done.stdout
    peak = int(done.stdout.split("peak ")[1]) * 1024
    assert peak < GIBIBYTES * 2**30, f"{peak / 2**20:.0f} MiB"

    with Image.open(tmp_path / "out" / "large.png") as image:
        assert image.size == (10_000, 10_000)
        corner = np.asarray(image.crop((8900, 8900, 10_000, 10_000)))
    # The texture repeats every 125 blocks, so a corner can be corrected by itself, but for what it sees at its edge.
    expected = to_pixels(load_corrector(weights)([decode(encode(np.tile(texture, (2, 2, 1)), compression))])[0])
    assert np.abs(corner[100:, 100:].astype(int) - expected[1000:, 1000:]).max() <= 1
