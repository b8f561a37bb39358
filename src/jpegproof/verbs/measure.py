"""The verb ``measure``: how much does JPEG hurt this model on these pictures?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jpegproof.correctors.default import trained_for
from jpegproof.data.files import folder_at
from jpegproof.exceptions import JpegproofError, WeightsError
from jpegproof.models.model import Model
from jpegproof.models.names import is_entry_point
from jpegproof.studies.engine import find_hands
from jpegproof.studies.qualities import parse_qualities
from jpegproof.studies.result_store import folder_to_write
from jpegproof.studies.run import Progress
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.verbs.corrector_name import corrector_name
from jpegproof.verbs.mended_report import run_and_report
from jpegproof.verbs.names import WORLD, built_model, data_fields, given, problem_of, short, world_task
from jpegproof.verbs.report import Report


def measure(
    model: str | Model,
    data: str | Path,
    *,
    weights: str | Path | None = None,
    task: str | None = None,
    qualities: str | int | Sequence[int] = "10:90:10",
    out: str | Path | None = None,
    layout: str = "auto",
    classes: str | Path | None = None,
    annotations: str | Path | None = None,
    labels: str | Path | None = None,
    void: str | int | Sequence[str | int] = (),
    equalise: bool = False,
    limit: int | None = None,
    stage: str = "source",
    subsampling: str = "4:2:0",
    codecs: str | Sequence[str] = ("jpeg",),
    correctors: Sequence[str] = (),
    gate: bool = False,
    preparation: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    device: str = "auto",
    workers: int | None = 1,
    threads: int | None = None,
    loaders: int | None = None,
    seed: int = 0,
    allow_code: bool = False,
    progress: Progress | None = None,
    executor: str = "auto",
    address: str | None = None,
) -> Report:
    """Measures a model on the originals and at each JPEG quality, and writes the report.

    Without labels it measures agreement: how often the model's answer on the JPEG is its answer on the original.

    Args:
        model: ``torchvision:NAME``, ``timm:NAME``, ``hf:NAME`` or ``hf:FOLDER``, ``detectron2:NAME``,
            ``ade20k:NAME``, ``smp:NAME``, ``forensics:NAME``, ``jpegproof:NAME``, ``torchscript:FILE``,
            ``export:FILE``, ``onnx:FILE``, ``path/file.py:function``, ``package.module:function``, or a `Model` from
            `jpegproof.wrap`.
        data: a folder of pictures, or ``world`` for the embedded world's 2,000 test pictures.
        weights: a local ``.safetensors`` or ``.pth`` file, the library's name of weights, or ``random``.
        task: what a network of one's own does: ``classification`` (unless given), ``detection``,
            ``instance_segmentation``, ``semantic_segmentation``, ``forensics`` or ``tensors`` (anything else).
        qualities: ``first:last:step``, ``10,50`` or a list.
        out: the results folder; ``out/measure-MODEL-DATA`` unless given. What is finished there is not done again.
        layout: ``auto``, ``imagenet``, ``image_folder``, ``coco``, ``ade20k``, ``label_maps``, ``real_fake``,
            ``webdataset`` or ``folder`` (without labels).
        classes: a file of names in label order: of class folders, where only some of them are present, or of the values
            in label maps.
        annotations: COCO's annotations file, where the folder holds several or none; or a list of ADE20K's pictures
            (``.odgt``).
        labels: the folder of label maps, called as the pictures are; needs `classes`.
        void: classes or values of label maps that say that nothing is known of a pixel.
        equalise: of real and fake pictures: whether all are cut to one size and saved as one kind of JPEG first.
        limit: use only so many pictures, evenly spaced.
        stage: ``source`` compresses the picture as stored; ``input`` after the model's resize and crop.
        subsampling: ``4:2:0``, ``4:2:2`` or ``4:4:4``.
        codecs: ``jpeg``, and beside it ``webp`` or ``avif`` at the bytes of the JPEG: a list, or ``jpeg,webp``.
        correctors: correctors to put in front: ``default``, ``FILE`` for one that `fit` has trained, ``spandrel:FILE``
            or ``qgac:FILE``.
        gate: whether each of them stands once more behind the gate, which leaves good pictures as they are.
        preparation: fields of `ResizeCrop` that differ from what the model comes with.
        batch_size: pictures at once.
        device: ``auto``, ``cpu``, ``cuda``, ...
        workers: processes; None for one per core (one on a GPU). A `Model` object stays in one, and a script that asks
            for more keeps its own work under ``if __name__ == "__main__":``, since each process imports it.
        threads: of each worker.
        loaders: further threads of each worker that read, compress and decode pictures ahead of its networks.
        seed: of the bootstrap and of random weights.
        allow_code: whether a model's file may be read though that can run code of it (``export:``). A Python file is
            run in any case, since naming it is asking for it.
        progress: hears how it goes.
        executor, address: as in `study`.

    Raises:
        JpegproofError: the data, the model or the results folder is at fault; the message says how to mend it.
    """
    built = built_model(model, weights, preparation)
    source = type(built.network).__name__ if built else str(model)
    if labels is not None and task is None and is_entry_point(source):
        task = "semantic_segmentation"  # what else could be true of every pixel
    name = short(source)
    data_name = WORLD if str(data) == WORLD else short(folder_at(data).resolve().name)
    chosen, rows = _correctors(correctors)
    if gate and not rows:
        raise JpegproofError("gate: a gate stands before a corrector; name one with corrector (default, for example)")
    rows += [{**row, "mitigation": "gated"} for row in rows] if gate else []
    try:
        chosen_qualities = parse_qualities(qualities)
    except ValueError as error:
        raise JpegproofError(f"qualities: {error}") from error
    if limit is not None and limit < 1:
        raise JpegproofError(f"limit: {limit} pictures cannot be measured; use 1 or more")
    content: dict[str, Any] = {
        "name": f"{name} on {data_name}",
        "seed": seed,
        "data": {
            data_name: data_fields(
                data,
                {"world": "test", **world_task(source, task)},
                layout,
                classes,
                annotations,
                limit,
                labels,
                void,
                equalise,
            )
        },
        "models": {
            name: {"from": source, **given(weights=weights and str(weights), task=task, preparation=preparation)}
        },
        "correctors": chosen,
        "compression": {
            "qualities": chosen_qualities,
            "subsampling": subsampling,
            "stage": stage,
            "codecs": [item.strip() for item in codecs.split(",")] if isinstance(codecs, str) else list(codecs),
        },
        "mitigations": ["none", *rows],
    }
    content["models"][name] |= given(batch_size=batch_size)
    try:
        spec = with_absolute_paths(StudySpec.model_validate(content), Path.cwd())
    except ValidationError as error:
        raise JpegproofError(problem_of(error)) from error
    folder = folder_to_write(out, "measure") if out is not None else Path("out") / f"measure-{name}-{data_name}"
    hands = find_hands(device, 1 if built else workers, threads, executor, address, loaders)
    return run_and_report(
        spec,
        folder,
        hands,
        given={name: built} if built else None,
        allow_code=allow_code or (built is None and is_entry_point(source)),  # naming it here is asking for it
        progress=progress,
    )


def _correctors(texts: Sequence[str]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The correctors of a study and their rows, from what a user typed."""
    chosen: dict[str, Any] = {}
    rows: list[dict[str, str]] = []
    for text in texts:
        called = corrector_name(text)
        kind, file = called.kind, called.file
        if kind == "identity":
            raise JpegproofError("corrector 'identity' changes nothing; the row none is there already")
        if kind != "jpegproof" and file is None:
            raise WeightsError(f"a {kind} corrector needs the file of its weights: {kind}:FILE")
        name, row = called.shown, "off_the_shelf"
        if kind == "jpegproof" and file is not None and Path(file).expanduser().is_file():
            row = "task_targeted" if trained_for(Path(file).expanduser()) == "task_targeted" else row
        while name in chosen:
            name += "+"
        chosen[name] = called.entry()
        rows.append({"mitigation": row, "corrector": name})
    return chosen, rows
