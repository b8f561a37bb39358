"""A corrector's ONNX graph in fewer bits."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jpegproof.deploy.graphs import graph_inputs
from jpegproof.exceptions import JpegproofError, missing_extra
from jpegproof.jpeg.codec import DecodedJpeg


def to_int8(whole: Path, path: Path, pictures: Sequence[DecodedJpeg]) -> None:
    """Quantises the convolutions: weights per channel and activations to 8 bits; all else stays float32.

    The transforms at both ends and what is told of the tables are no convolutions, so that a picture does not pass
    through 8 bits itself, and the last convolution stays as it is too: what it answers is added to the picture.

    Args:
        whole: the graph in float32.
        path: of the new one.
        pictures: whose activations say how wide the ranges are: of the kind and the qualities that it will see.

    Raises:
        JpegproofError: there are no pictures.
        MissingExtraError: onnxruntime is not installed.
    """
    try:
        import onnx
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise missing_extra("onnxruntime", "export", "precision int8") from error
    if not pictures:
        raise JpegproofError("precision int8 needs pictures that say how wide activations range; give --data FOLDER")
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            ready = Path(folder) / "ready.onnx"
            quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
            nodes = [node.name for node in onnx.load(str(ready)).graph.node if node.op_type == "Conv"]
            quantize_static(
                str(ready),
                str(path),
                _reader(pictures),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=nodes[-1:],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                # Where the processor has no VNNI two products may overflow 16 bits.
                reduce_range=False,
            )
    finally:
        logging.disable(before)


def to_float16(whole: Path, path: Path) -> None:
    """Half precision within, the inputs and the output as they were.

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    try:
        import onnx
        from onnxruntime.transformers.float16 import convert_float_to_float16
    except ImportError as error:
        raise missing_extra("onnxruntime", "export", "precision float16") from error
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        model = convert_float_to_float16(onnx.load(str(whole)), keep_io_types=True)
        onnx.save(model, str(path))
    finally:
        logging.disable(before)


def _reader(pictures: Sequence[DecodedJpeg]) -> Any:
    """Calibration pictures as onnxruntime asks for them, one by one and None in the end."""
    from onnxruntime.quantization import CalibrationDataReader

    inputs = iter([graph_inputs(picture) for picture in pictures])

    class Reader(CalibrationDataReader):
        def get_next(self) -> Any:
            return next(inputs, None)

    return Reader()
