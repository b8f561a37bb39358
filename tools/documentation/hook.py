"""mkdocs' hook: adds the pages that are made from the program, and the files that lie outside of docs/."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
# mkdocs loads this file by its path; the package that it belongs to is found from the repository's root.
sys.path.insert(0, str(ROOT))

from tools.documentation.command_line_page import command_line_page  # noqa: E402
from tools.documentation.outside_files import SHELF, linked_outside, with_links_into_the_site  # noqa: E402
from tools.documentation.python_page import python_page  # noqa: E402
from tools.documentation.study_file_page import study_file_page  # noqa: E402
from tools.documentation.zoo_page import PICTURE, cost_curve, zoo_page  # noqa: E402


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Adds what is no file in docs/."""
    made = {
        "reference/command-line.md": command_line_page(),
        "reference/study-file.md": study_file_page(),
        "reference/python.md": python_page(),
        "zoo.md": zoo_page(),
        PICTURE: cost_curve(),
    }
    pages = {file.src_uri: file.content_string for file in files.documentation_pages()}
    for path in sorted(linked_outside(pages)):
        made[f"{SHELF}/{path}"] = (ROOT / path).read_text()
    for uri, content in made.items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Links that lead out of docs/ lead to the site's own copies."""
    return with_links_into_the_site(page.file.src_uri, markdown)
