"""The documentation site builds, its links lead somewhere, and its reference leaves nothing out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import yaml
from documented_blocks import ROOT
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from tools.documentation.command_line_page import command_line_page
from tools.documentation.outside_files import linked_outside, with_links_into_the_site
from tools.documentation.python_page import python_page
from tools.documentation.study_file_page import study_file_page
from tools.documentation.zoo_page import SHIPPED, cost_curve, zoo_page

import jpegproof
from jpegproof.cli.main import VERBS
from jpegproof.studies.schema import study_schema

NAMES = [module.__name__.rpartition(".")[2] for module in VERBS]


class _Loader(yaml.SafeLoader):
    """mkdocs.yml without the functions that it names."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


def settings() -> dict[str, Any]:
    """What mkdocs.yml says."""
    return yaml.load((ROOT / "mkdocs.yml").read_text(), Loader=_Loader)


@pytest.mark.slow
def test_the_site_builds_and_every_link_in_it_leads_somewhere(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": source}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "site"
    python = (site / "reference" / "python" / "index.html").read_text()
    assert "Measures a model on the originals" in python
    assert (site / "pictures" / "cost-curve.svg").read_text().count("<path") > 10
    for page in site.rglob("*.html"):
        assert 'src="http' not in page.read_text(), f"{page.relative_to(site)} fetches something from elsewhere"


@pytest.mark.parametrize("link", ["nowhere.md", "index.md#no-such-heading", "/absolute.md"])
def test_a_link_that_leads_nowhere_fails_the_build(link, tmp_path):
    pages = tmp_path / "docs"
    pages.mkdir()
    (pages / "index.md").write_text(f"# Start\n\n[a link]({link})\n")
    file = tmp_path / "mkdocs.yml"
    few = {"site_name": "links", "validation": settings()["validation"], "plugins": []}
    file.write_text(yaml.safe_dump(few))
    with pytest.raises(Abort):
        build(load_config(str(file), strict=True))


def _titles(entries: Any) -> str:
    return " ".join(f"{name} {_titles(value)}" for entry in entries for name, value in _items(entry))


def _items(entry: Any) -> list[tuple[str, Any]]:
    return (
        [(name, value if isinstance(value, list) else []) for name, value in entry.items()]
        if isinstance(entry, dict)
        else []
    )


def test_every_verb_has_a_page_and_its_help():
    titles, page = _titles(settings()["nav"]), command_line_page()
    for name in NAMES:
        assert f"({name})" in titles, f"mkdocs.yml: no page in the navigation says ({name}) in its title"
        assert f"\n## {name}\n" in page
        assert f"usage: jpegproof {name} " in page


def test_every_key_of_a_study_file_is_in_the_reference():
    page, schema = study_file_page(), json.loads(study_schema())
    for part in [schema, *schema["$defs"].values()]:
        for key, field in part["properties"].items():
            assert f"\n| `{key}` |" in page
            assert " ".join(field.get("description", "").split()).replace("|", "\\|") in page


def test_everything_public_is_in_the_reference():
    page = python_page()
    for name in set(jpegproof.__all__) - {"__version__"}:
        assert f".{name}\n" in page


def test_every_shipped_corrector_has_its_card_in_the_zoo():
    page = zoo_page()
    weights = sorted(SHIPPED.glob("*.safetensors"))
    assert weights
    for path in weights:
        assert path.with_suffix(".md").exists(), f"{path.name} is shipped without a card"
        assert f"\n## {path.stem}\n" in page


def test_the_cost_curve_is_the_same_drawing_every_time():
    assert cost_curve() == cost_curve()


def test_a_link_out_of_the_documentation_leads_to_the_sites_own_copy():
    text = "[card](../src/jpegproof/correctors/shipped/gate.md#limits) [page](fit.md) [web](https://example.org/a.md)"
    moved = with_links_into_the_site("deep/page.md", text.replace("../src", "../../src"))
    assert "(../repository/src/jpegproof/correctors/shipped/gate.md#limits)" in moved
    assert "[page](fit.md) [web](https://example.org/a.md)" in moved
    assert linked_outside({"page.md": text}) == {"src/jpegproof/correctors/shipped/gate.md"}
