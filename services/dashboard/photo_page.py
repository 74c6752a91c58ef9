"""The page of one photo: its receipt as HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import jinja2

from dashboard import words
from dashboard.receipts import Receipt

_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["size"] = words.size
_TEMPLATES.filters["words"] = lambda text: str(text).replace("_", " ")


def render(found: Receipt) -> str:
    """Return the page of a photo."""
    return _TEMPLATES.get_template("photo.html").render(
        photo=found,
        taken=words.taken(found),
        history=words.history(found),
        removed=words.removed(found.removed_at) if found.removed_at else None,
        has_preview=any(
            stage.stage == "thumbnailed" and stage.state == "done" for stage in found.stages
        ),
    )


def render_problem(title: str, detail: str) -> str:
    """Return the page that says why there is no photo to show."""
    return _TEMPLATES.get_template("problem.html").render(title=title, detail=detail)
