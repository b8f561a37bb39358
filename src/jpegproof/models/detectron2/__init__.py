"""Detectron2's R50-FPN networks of its model zoo: the paper's four detectors, under the official keys."""
