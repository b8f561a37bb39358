"""Write a set of real and fake pictures that gives itself away: the real ones are JPEGs, the fakes are PNGs.

    python recipes/biased_pictures.py out/biased-train --split train
    python recipes/biased_pictures.py out/biased
    jpegproof fit jpegproof:world-fake-detector out/biased-train --objective control --steps 200 \
        --learning-rate 1e-3 --out out/biased-fit
    for detector in "" "--weights out/biased-fit/model.safetensors"; do
        jpegproof measure jpegproof:world-fake-detector out/biased $detector --qualities 90
        jpegproof measure jpegproof:world-fake-detector out/biased $detector --qualities 90 --equalise
    done

Public sets of fakes often look like this, since photographs are found as JPEGs and fakes are made without
compression: a detector that learns from one can be right without looking at the pictures. The pictures are those of
the embedded world and what its autoencoder makes of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from jpegproof.data.reconstructed_pairs import world_pairs


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=["train", "val", "test"], default="test", help="of the world")
    parser.add_argument("--pictures", type=int, default=1000, help="half of them real")
    parser.add_argument("--quality", type=int, default=60, help="of the real ones")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    pictures = world_pairs(args.split, args.pictures)
    folders = args.out / "0_real", args.out / "1_fake"
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for index in range(len(pictures)):
        picture = Image.fromarray(pictures.pixels(index))
        fake = pictures.target(index)
        name = f"{index // 2:05d}"
        if fake:
            picture.save(folders[1] / f"{name}.png")
        else:
            picture.save(folders[0] / f"{name}.jpg", quality=args.quality)


if __name__ == "__main__":
    main()
