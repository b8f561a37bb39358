"""The data sets that a study names."""

from __future__ import annotations

from jpegproof.data.ade20k import ade20k_pictures
from jpegproof.data.class_list import read_class_list
from jpegproof.data.equalised import Equalised
from jpegproof.data.files import folder_at
from jpegproof.data.find import open_pictures
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.data.image_folder import ImageFolder
from jpegproof.data.label_code import LabelCode
from jpegproof.data.label_maps import label_map_folders
from jpegproof.data.picture_set import PictureSet
from jpegproof.data.real_fake_folder import RealFakeFolder
from jpegproof.data.reconstructed_pairs import PAIR, ReconstructedPairs, world_pairs
from jpegproof.data.webdataset import WebDatasetPictures, looks_like_webdataset
from jpegproof.data.world_maps import WorldMaps
from jpegproof.data.world_objects import WorldObjects
from jpegproof.data.world_pictures import WorldPictures
from jpegproof.exceptions import DataError
from jpegproof.studies.spec import DataSpec, WorldSpec

_WORLDS = {
    "classification": WorldPictures,
    "detection": WorldObjects,
    "semantic_segmentation": WorldMaps,
    "forensics": world_pairs,
}


def open_data(spec: DataSpec | WorldSpec) -> PictureSet:
    """The data set of a study file.

    Raises:
        DataError: it cannot be had, or its options do not go together.
    """
    if isinstance(spec, WorldSpec):
        return _WORLDS[spec.task](spec.world, spec.size)
    _refuse_nonsense(spec)
    pictures = _without_equalising(spec)
    if not spec.equalise:
        return pictures
    if not isinstance(pictures, RealFakeFolder | ReconstructedPairs):
        raise DataError(
            f"{spec.path}: equalise is for real and fake pictures (layout real_fake, or reconstructed: true)"
        )
    return (
        Equalised(pictures) if spec.equalise is True else Equalised(pictures, spec.equalise.size, spec.equalise.quality)
    )


def _without_equalising(spec: DataSpec) -> PictureSet:
    if spec.reconstructed:
        return ReconstructedPairs(UnlabelledFolder(spec.path))
    if spec.real or spec.fake:
        return RealFakeFolder(spec.path, spec.real, spec.fake)
    listed = spec.annotations is not None and spec.annotations.suffix.lower() == ".odgt"
    classes = read_class_list(spec.classes) if spec.classes is not None else None
    if spec.labels is not None and classes is not None:
        return label_map_folders(spec.path, spec.labels, LabelCode.of(classes, spec.void))
    if listed or spec.layout == "ade20k":
        return ade20k_pictures(spec.path, spec.annotations, classes, spec.void)
    if spec.annotations is not None:
        from jpegproof.data.coco import CocoPictures

        return CocoPictures(spec.path, spec.annotations)
    if classes is None:
        return open_pictures(spec.path, spec.layout)
    in_tars = spec.layout == "webdataset" or (spec.layout == "auto" and looks_like_webdataset(folder_at(spec.path)))
    return WebDatasetPictures(spec.path, classes) if in_tars else ImageFolder(spec.path, classes=classes)


def _refuse_nonsense(spec: DataSpec) -> None:
    """Raises DataError where options do not go together."""
    annotations = spec.annotations.suffix.lower() if spec.annotations is not None else None
    if annotations is not None:
        goes_with = "ade20k" if annotations == ".odgt" else "coco"
        if spec.layout not in ("auto", goes_with):
            raise DataError(
                f"{spec.path}: an annotations file ({spec.annotations}) goes with the layout {goes_with}, not "
                f"{spec.layout}"
            )
    if spec.labels is not None and (spec.layout not in ("auto", "label_maps") or annotations is not None):
        raise DataError(f"{spec.path}: a folder of label maps goes with the layout label_maps, and with no annotations")
    if spec.layout == "label_maps" and spec.labels is None:
        raise DataError(f"{spec.path}: the layout label_maps needs the folder of the label maps; name it with labels")
    if spec.labels is not None and spec.classes is None:
        raise DataError(
            f"{spec.path}: label maps need the list of their classes, one a line, from the one of value 0 on; name it "
            "with classes"
        )
    maps = spec.labels is not None or spec.layout == "ade20k" or annotations == ".odgt"
    if spec.void and not maps:
        raise DataError(f"{spec.path}: void is for label maps; name their folder with labels, or the layout ade20k")
    if (spec.real or spec.fake) and spec.layout not in ("auto", "real_fake"):
        raise DataError(f"{spec.path}: names of real and fake folders go with the layout real_fake, not {spec.layout}")
    if spec.reconstructed:
        _refuse_nonsense_of_pairs(spec)
    if spec.classes is not None and not maps and spec.layout not in ("auto", "image_folder", "webdataset"):
        raise DataError(
            f"{spec.path}: a list of classes goes with the layouts image_folder and webdataset, not {spec.layout}"
        )


def _refuse_nonsense_of_pairs(spec: DataSpec) -> None:
    labelled = spec.real or spec.fake or spec.classes or spec.labels or spec.annotations
    if labelled or spec.layout not in ("auto", "folder"):
        raise DataError(
            f"{spec.path}: reconstructed takes a plain folder, all of whose pictures are real; name no labels"
        )
    for what, number in (("limit", spec.limit), ("blocks", spec.blocks)):
        if number is not None and number % PAIR:
            raise DataError(
                f"{spec.path}: {what}: {number} would part a picture from its reconstruction; use an even number"
            )
