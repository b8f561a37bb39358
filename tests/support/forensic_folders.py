"""Small folders of real and fake pictures of the embedded world, saved in whatever way a test wants."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from jpegproof.data.world import World


@cache
def drawn(index: int) -> NDArray[np.uint8]:
    """A (96, 96, 3) picture of the world."""
    return World("val", index + 1).picture(index)


def save(path: Path, index: int, size: tuple[int, int] = (96, 96), **options: Any) -> Path:
    """Saves a picture, enlarged to (height, width) where that is not its own, as the path's ending and options say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(drawn(index))
    (picture if size == (96, 96) else picture.resize((size[1], size[0]))).save(path, **options)
    return path


def biased(root: Path, each: int = 20) -> Path:
    """Real pictures as JPEGs of quality 80, fake ones as PNG: the bias of many published sets."""
    for index in range(each):
        save(root / "0_real" / f"{index:03d}.jpg", index, quality=80)
        save(root / "1_fake" / f"{index:03d}.png", index)
    return root
