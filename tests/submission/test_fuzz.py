"""Whatever a notebook holds, reading gives answers or one line of refusal."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submission import SubmissionError, read_answers
from course.manifest import Manifest, load_manifest
from tests.submission.notebooks import CFG_LOOP, CFG_NOISE, CFG_STUBS, FORWARD, MANIFEST, STUB

SOURCES = [FORWARD, STUB, CFG_NOISE, CFG_LOOP, CFG_STUBS, "%matplotlib inline", "    return x"]
IDS = ["a1_1_forward", "a1_1_figure", "a1_6_cfg", "a1_6_cfg_solution", "a1_7_words", ""]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
junk = st.recursive(
    scalars, lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=6), c, max_size=3)
)


def mostly(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draws from ``strategy``, and one time in five anything that JSON can say."""
    return st.integers(0, 4).flatmap(lambda die: strategy if die else junk)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Cuts a piece out of a good source, or puts two together at any place."""
    first, second = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(SOURCES))
    cut, paste = draw(st.integers(0, len(first))), draw(st.integers(0, len(second)))
    return (
        first[:cut] + draw(st.sampled_from(["", "\n", "\0", "?", "\ud800", "é"])) + second[paste:]
    )


source = st.sampled_from(SOURCES) | mutated() | st.lists(mostly(st.text(max_size=9)), max_size=3)
cells = st.fixed_dictionaries(
    {"cell_type": mostly(st.sampled_from(["code", "markdown", "raw"])), "source": mostly(source)},
    optional={
        "id": mostly(st.sampled_from(IDS)),
        "metadata": mostly(
            st.fixed_dictionaries(
                {},
                optional={
                    "nbgrader": mostly(
                        st.fixed_dictionaries({"grade_id": mostly(st.sampled_from(IDS))})
                    )
                },
            )
        ),
        "outputs": mostly(st.lists(mostly(st.fixed_dictionaries({"data": junk})), max_size=2)),
        "attachments": junk,
    },
)
notebooks = mostly(
    st.fixed_dictionaries(
        {
            "nbformat": st.just(4) | st.just(4) | junk,
            "cells": mostly(st.lists(mostly(cells), max_size=6)),
        }
    )
)


def small_course(folder: Path) -> Manifest:
    path = folder / "exercises.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    return load_manifest(path)


@settings(max_examples=150, deadline=None)
@given(notebooks, st.none() | st.tuples(st.integers(0, 400), st.binary(max_size=3)))
def test_reading_gives_answers_or_a_line_of_refusal(
    content: Any, damage: tuple[int, bytes] | None
) -> None:
    data = json.dumps(content).encode()
    if damage is not None:
        place, new = damage
        data = data[:place] + new + data[place + len(new) :]
    with TemporaryDirectory() as name:
        path = Path(name) / "part_a.ipynb"
        path.write_bytes(data)
        manifest = small_course(Path(name))
        refusal, answers = "", None
        try:
            answers = read_answers(path, manifest, "part_a")
        except SubmissionError as error:
            refusal = str(error)
        assert refusal.isprintable()
        assert bool(refusal) is (answers is None)
        if answers is not None:
            assert list(answers.sources) == ["a1_1_forward", "a1_6_cfg"]
            assert list(answers.manual) == ["a1_1_figure", "a1_7_words"]
            texts = [*answers.repairs, *(text or "" for text in answers.sources.values())]
            "".join(texts).encode("utf-8")
            assert all(repair.isprintable() for repair in answers.repairs)
            assert read_answers(path, manifest, "part_a") == answers
