"""The published JSON schema is the one that the program checks by, and fits the study files of the repository."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from jpegproof.studies.schema import study_schema
from jpegproof.studies.yaml_loader import PlainLoader

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "studies").rglob("*.yaml"))


def test_the_published_schema_is_up_to_date():
    published = (ROOT / "schemas" / "study.schema.json").read_text()
    assert published == study_schema(), "make it anew: jpegproof study --schema > schemas/study.schema.json"


@pytest.mark.parametrize("file", STUDIES, ids=lambda path: path.name)
def test_the_repositorys_study_files_fit_the_schema(file):
    jsonschema.validate(yaml.load(file.read_text(), Loader=PlainLoader), json.loads(study_schema()))


def test_a_misspelt_key_does_not_fit_the_schema():
    study = yaml.load(STUDIES[0].read_text(), Loader=PlainLoader)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**study, "modles": {}}, json.loads(study_schema()))
