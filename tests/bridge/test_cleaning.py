"""Nothing that a student put into a notebook runs in an instructor's browser."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import InvalidNotebook

from autograder.bridge.cleaning import cleaned, no_markup

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
ALERT = "alert(document.domain)"
SCRIPT = f"<script>{ALERT}</script>"

MARKDOWN = {
    "script": f"Text {SCRIPT}",
    "handler": f'<img src=x onerror="{ALERT}">',
    "comment": f"<!--> {SCRIPT} -->",
    "declaration": f"<!DOCTYPE html>{SCRIPT}",
    "svg": f"<svg onload={ALERT}></svg>",
    "unfinished": f"<img src=x onerror={ALERT} //",
    "link": f"[click](javascript:{ALERT})",
    "entity": f"[click](javascript&colon;{ALERT}) [b](java&Tab;script:{ALERT})",
    "picture": f"![a](javascript:{ALERT})",
    "autolink": f"<javascript:{ALERT}>",
    "title": f"[a](https://example.org '\" onmouseover={ALERT} x=\"')",
    "formula": f"$<img src=x onerror={ALERT}>$ $$\\href{{javascript:{ALERT}}}{{x}}$$",
    "environment": f"\\begin{{equation}}{SCRIPT}\\end{{equation}}",
    "fence": f"```html\n{SCRIPT}\n```\n~~~\n</code></pre>{SCRIPT}",
    "info": f'```"><img src=x onerror={ALERT}>\ntext\n```',
    "table": f"|a|\n|---|\n|{SCRIPT}|",
    "escape": f"[a](javascript\\:{ALERT}) [b](JaVaScRiPt:{ALERT}) [c](<javascript:{ALERT}>)",
    "reference": f"[a][b]\n\n[b]: javascript:{ALERT}",
}


def code(**outputs: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "c",
        "metadata": {},
        "execution_count": None,
        "source": SCRIPT,
        "outputs": [{"output_type": "display_data", "metadata": {}, "data": outputs}],
    }


CELLS: dict[str, dict[str, Any]] = {
    **{
        name: {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text}
        for name, text in MARKDOWN.items()
    },
    "raw": {"cell_type": "raw", "id": "r", "metadata": {}, "source": SCRIPT},
    "raw-html": {
        "cell_type": "raw",
        "id": "r",
        "metadata": {"raw_mimetype": "text/html"},
        "source": SCRIPT,
    },
    "cell-id": {"cell_type": "markdown", "id": f"x>{SCRIPT}", "metadata": {}, "source": "a"},
    "tags": {
        "cell_type": "markdown",
        "id": "t",
        "metadata": {"tags": [f'"><img src=x onerror={ALERT}>']},
        "source": "a",
    },
    "html": code(**{"text/html": SCRIPT}),
    "javascript": code(**{"application/javascript": ALERT}),
    "vector": code(**{"image/svg+xml": f"<svg><script>{ALERT}</script></svg>"}),
    "rich-markdown": code(**{"text/markdown": SCRIPT}),
    "latex": code(**{"text/latex": f"$x$ {SCRIPT}"}),
    "forged-picture": code(**{"image/png": f'AAAA" onerror="{ALERT}'}),
    "plain": code(**{"text/plain": SCRIPT}),
    "no-attachment": {
        "cell_type": "markdown",
        "id": "a",
        "metadata": {},
        "source": f"![a](attachment:y.png) {SCRIPT}",
    },
    "attachment": {
        "cell_type": "markdown",
        "id": "a",
        "metadata": {},
        "source": "![a](attachment:x.png)",
        "attachments": {"x.png": {"image/png": f'A" onerror="{ALERT}" x="'}},
    },
}


class Finder(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "base", "meta", "form", "svg"):
            self.found.append(tag)
        for name, value in attrs:
            words = "".join((value or "").split()).lower()
            if name.startswith("on") or words.startswith(("javascript:", "vbscript:")):
                self.found.append(f"{tag} {name}={value}")


def notebook(*cells: dict[str, Any], **metadata: Any) -> Any:
    data = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}
    return nbformat.from_dict(data)


def running(shown: Any) -> list[str]:
    """What runs in the page that nbconvert makes of a notebook's cells."""
    try:
        exporter: Any = HTMLExporter
        page, _ = exporter(template_name="basic").from_notebook_node(shown)
    except InvalidNotebook:
        return ["the page does not open"]
    finder = Finder()
    finder.feed(page)
    if "\\href" in page:
        finder.found.append("MathJax link")
    return finder.found


@pytest.mark.filterwarnings("ignore")
def test_the_attacks_are_attacks() -> None:
    """As it was handed in, most of this runs: the finder finds it."""
    accepted = {name: cell for name, cell in CELLS.items() if name != "cell-id"}
    dangerous = [name for name, cell in accepted.items() if running(notebook(cell))]
    assert {"script", "handler", "svg", "html", "link", "formula"} <= set(dangerous)
    assert len(dangerous) >= 14


@pytest.mark.parametrize("name", CELLS)
def test_nothing_runs_in_the_copy(name: str) -> None:
    """Each attack is text in the copy, which is a valid notebook."""
    copy = cleaned(notebook(CELLS[name], title=f"</title>{SCRIPT}", widgets={"x": SCRIPT}))
    nbformat.validate(copy)
    assert running(copy) == []
    assert set(copy.metadata) == {"kernelspec", "language_info"}


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("<>/!?`$\\[]()!\n \"'=&;:aonx-|#*_~")), st.sampled_from(list(MARKDOWN))
)
def test_no_surroundings_make_an_attack_run(around: str, name: str) -> None:
    """Whatever stands around it, escaped or quoted, the attack stays text."""
    cell = {**CELLS["script"], "source": f"{around}{MARKDOWN[name]}{around}"}
    assert running(cleaned(notebook(cell))) == []


def test_honest_content_stays() -> None:
    """Pictures, printed text, errors, formulas, quotes and attachments are as they were."""
    text = "> a quote\n\n$a < b$ and `x<y` and **bold** [l](https://example.org)"
    markdown = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text}
    picture = code(**{"image/png": PNG, "text/plain": "<Figure size 640x480>"})
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]}
    picture["outputs"] += [
        {"output_type": "stream", "name": "stderr", "text": "12%|##| 1/8"},
        error,
    ]
    attached = {**markdown, "id": "n", "attachments": {"my x.png": {"image/png": PNG}}}
    copy = cleaned(notebook(markdown, picture, attached))
    assert [cell.source for cell in copy.cells[::2]] == [text.replace("x<y", "x<\u200by")] * 2
    shown, stream, failed = copy.cells[1].outputs
    assert shown.data == {"image/png": PNG, "text/plain": "<Figure size 640x480>"}
    assert (stream.name, stream.text) == ("stderr", "12%|##| 1/8")
    assert {k: failed[k] for k in error} == error
    assert copy.cells[2].attachments == {"my x.png": {"image/png": PNG}}


@pytest.mark.parametrize(
    "cells",
    [
        None,
        "text",
        [None, 3, {}],
        [{"cell_type": ["code"], "source": {"a": 1}, "metadata": 4, "outputs": "x"}],
        [{"cell_type": "code", "source": ["a", 3], "outputs": [{"output_type": "display_data"}]}],
        [{"cell_type": "code", "id": "a"}, {"cell_type": "markdown", "id": "a", "attachments": 1}],
        [{"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": "a b<"}}}],
    ],
)
def test_whatever_is_there_becomes_a_notebook(cells: Any) -> None:
    """Odd structures neither fail nor pass through."""
    nbformat.validate(cleaned(nbformat.from_dict({"cells": cells})))


def test_no_tag_is_left() -> None:
    """Every way in which a tag can begin is broken; other signs stay."""
    assert no_markup("<a </a <!-- <? a<b 1 < 2 <3") == (
        "<\u200ba <\u200b/a <\u200b!-- <\u200b? a<\u200bb 1 < 2 <3"
    )
