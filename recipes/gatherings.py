"""The embedded world's gatherings as training pictures: drawn once, read from a cache afterwards."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from jpegproof.data.world import WORLD_VERSION, World
from jpegproof.data.world_objects import GATHERINGS
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression


def drawn(split: str, count: int, cache: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The first pictures of a split, read from the cache or drawn into it.

    Returns:
        (count, H, W, 4) uint8: RGB, and which object is seen at each pixel, 0 for none, k for the k-th; and
        (count, most objects) uint8: category of the k-th object in column k - 1, 0 where there is none.
    """
    files = [cache / f"gatherings{WORLD_VERSION}-{split}-{count}{what}.npy" for what in ("", "-labels")]
    if not all(file.exists() for file in files):
        cache.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        world = World(split, count, GATHERINGS)
        pictures = np.zeros((count, GATHERINGS.height, GATHERINGS.width, 4), dtype=np.uint8)
        labels = np.zeros((count, 1 + GATHERINGS.cast.others[1]), dtype=np.uint8)
        for index in range(count):
            scene = world.scene(index)
            pictures[index, ..., :3] = scene.picture
            labels[index, : len(scene.labels)] = scene.labels + 1
            for number, instance in enumerate(scene.instances, start=1):
                pictures[index, ..., 3][instance.mask] = number
        for file, array in zip(files, (pictures, labels), strict=True):
            beside = file.with_suffix(".part.npy")
            np.save(beside, array)
            beside.rename(file)
        print(f"drew {count} {split} pictures in {time.perf_counter() - began:.0f} s", flush=True)
    return np.load(files[0], mmap_mode="r"), np.load(files[1])


def prepared(picture: NDArray[np.uint8]) -> Tensor:
    """(H, W, 3) uint8 -> (3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture[..., :3].transpose(2, 0, 1))).float() / 255


def compressed(picture: NDArray[np.uint8], quality: int | None) -> NDArray[np.uint8]:
    """A (H, W, 3) picture after one compression by Pillow (4:2:0), or none."""
    picture = np.ascontiguousarray(picture)
    return picture if quality is None else decode(encode(picture, Compression(quality=quality))).pixels
