"""What each layout looks like, for whoever has to make a folder so."""

from __future__ import annotations

#: By the layout's name in study files.
SHAPES: dict[str, str] = {
    "imagenet": "one folder a class, called by its wnid (n01440764, ...), with its pictures",
    "image_folder": "one folder a class, with its pictures",
    "coco": "the pictures; their annotations in ../annotations/instances_FOLDER.json, or named with annotations",
    "ade20k": "the pictures of one split, images/SPLIT, with the label maps in annotations/SPLIT beside images",
    "label_maps": "the pictures, called as the label maps in the folder named with labels",
    "real_fake": "folders 0_real and 1_fake (or real and fake, or as declared), at any depth",
    "webdataset": "tars (NAME.tar) of pictures, each with its class beside it: 0001.jpg, 0001.cls",
    "folder": "the pictures",
    "auto": "the pictures, in a layout that is told from the folder",
}
