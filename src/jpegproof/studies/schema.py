"""The JSON schema of study files, for editors."""

from __future__ import annotations

import json

from jpegproof.studies.spec import StudySpec


def study_schema() -> str:
    """The schema as JSON text (draft 2020-12)."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **StudySpec.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
