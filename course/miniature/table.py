"""The table of an evaluation: one row a measure, one column a model, and the goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Numbers = Mapping[str, Any]

PAGE = """# What the miniature can do

Written by `course miniature evaluate DIR --record`. Samples are drawn by the course's reference
functions, with 34 strided timesteps and guidance 7 unless said, on names and with seeds that
training did not choose. Two classifiers judge them, trained on the real pictograms without the
held-out pairs (`course miniature judge`): one sees whole pictures, sharp or blurred, the other only
high frequencies, what a blur of two pixels takes away. "Among their set" means the likeliest of 100
names, "top-1 of all names" of 1,408. A far view is a blurred sample, a near view its high
frequencies; each is to be named rightly among the set of 100.

{table}
"""

SCALE = 7
"""Guidance scale of the course."""


def _scale(numbers: Numbers, key: str) -> str:
    found = numbers["recognition"]
    return f"{found[key][found['scales'].index(SCALE)]:.1f} %"


def _by_scale(found: Numbers, key: str) -> str:
    pairs = zip(found["scales"], found[key], strict=True)
    return ", ".join(f"{scale:g}: {share:.1f}" for scale, share in pairs)


def _tried(found: Numbers) -> str:
    return (
        f"{found['first']:.1f} % of {found['pairs']} (mean of all seeds {found['every_try']:.1f})"
    )


ROWS: tuple[tuple[str, str, str, Callable[[Numbers], str]], ...] = (
    (
        "names of which the model knows every word",
        "1,408",
        "model",
        lambda n: f"{n['model']['names']:,}",
    ),
    (
        f"random names, recognised among their set, guidance {SCALE}",
        "≥ 98 %",
        "recognition",
        lambda n: (
            f"{_scale(n, 'among_set')} ({n['recognition']['sets']} sets of "
            f"{n['recognition']['set_size']})"
        ),
    ),
    (
        "the same, by guidance scale",
        "plotted",
        "recognition",
        lambda n: _by_scale(n["recognition"], "among_set"),
    ),
    (
        "the same names, top-1 of all names of the judge",
        "",
        "recognition",
        lambda n: _scale(n, "top_1"),
    ),
    (
        "the generic prompt, by guidance scale: how sure the judge is of the likeliest name",
        "rises",
        "generic",
        lambda n: f"`{n['generic']['prompt']}` {_by_scale(n['generic'], 'sure')}",
    ),
    (
        "every name, `a NAME`, top-1 of all names",
        "≥ 95 %",
        "all_names",
        lambda n: f"{n['all_names']['top_1']:.1f} % of {n['all_names']['names']}",
    ),
    (
        "held-out pairs of style and name, top-1 of all names",
        "≥ 90 %",
        "held_out",
        lambda n: f"{n['held_out']['top_1']:.1f} % of {n['held_out']['pairs']}",
    ),
    (
        "the judge on the real held-out pictures of these pairs",
        "",
        "held_out",
        lambda n: f"{n['held_out']['real_top_1']:.1f} %",
    ),
    (
        "anagram of two random names, both views, first seed",
        "≥ 33 %",
        "anagrams",
        lambda n: _tried(n["anagrams"]),
    ),
    (
        "the same, best of some seeds",
        "≥ 80 % (of 8)",
        "anagrams",
        lambda n: f"{n['anagrams']['any']:.1f} % (of {n['anagrams']['tries']})",
    ),
    (
        "hybrid of two random names, far and near, first seed",
        "≥ 33 %",
        "hybrids",
        lambda n: (
            f"{_tried(n['hybrids'])}; far alone {n['hybrids']['far']:.1f}, near alone "
            f"{n['hybrids']['near']:.1f}"
        ),
    ),
    (
        "the same, best of some seeds",
        "",
        "hybrids",
        lambda n: f"{n['hybrids']['any']:.1f} % (of {n['hybrids']['tries']})",
    ),
    (
        "the judges on real pictures, blurred / high-passed, top-1 of all names",
        "",
        "hybrids",
        lambda n: f"{n['hybrids']['real_far_top_1']:.1f} / {n['hybrids']['real_near_top_1']:.1f} %",
    ),
    (
        "distance to the nearest training picture, median (a tenth is nearer than)",
        "shown",
        "copies",
        lambda n: "; ".join(
            f"{kind}: {found['median']} ({found['tenth']})" for kind, found in n["copies"].items()
        ),
    ),
    (
        "CFG sample of 33 steps on 2 cores: the course's loop, the pipeline",
        "≤ 5 s",
        "speed",
        lambda n: (
            f"{n['speed']['seconds']['loop']} s, {n['speed']['seconds']['pipeline']} s at a load "
            f"of {n['speed']['load']}; the cores worked {n['speed']['busy']['loop']} s, "
            f"{n['speed']['busy']['pipeline']} s"
        ),
    ),
    ("peak memory of it", "≤ 1 GB", "speed", lambda n: f"{n['speed']['peak_mib']} MiB"),
    (
        "size of the directory",
        "about 30 MB",
        "model",
        lambda n: f"{n['model']['bytes'] / 1e6:.1f} MB",
    ),
    (
        "weights; drawn on",
        "",
        "model",
        lambda n: f"`{n['model']['weights']}`; {n['model']['drawn_on']}",
    ),
)


def lines(models: Mapping[str, Numbers]) -> list[str]:
    """The table in Markdown: one row a measure, one column a model, and the goals."""
    table = [
        "| measure | goal | " + " | ".join(models) + " |",
        "|---|---|" + "---|" * len(models),
    ]
    for title, goal, measure, told in ROWS:
        cells = [told(numbers) if measure in numbers else "–" for numbers in models.values()]
        table.append(f"| {title} | {goal} | " + " | ".join(cells) + " |")
    return table
