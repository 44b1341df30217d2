"""The numbers of models side by side: a JSON file, a page beside it, and a plot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib.style
from kit.paths import STYLE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .errors import MiniatureError

Numbers = Mapping[str, Any]
SCALE = 7
"""Guidance scale of the course."""


class Record:
    """Numbers of models by label; those of others are kept.

    Args:
        path: The JSON file, or None to keep nothing.
        label: Name of the model that is measured.

    Raises:
        MiniatureError: If the file is no record or cannot be written.
    """

    def __init__(self, path: Path | None, label: str) -> None:
        self.path, self.label = path, label
        self.models: dict[str, dict[str, Any]] = {}
        if path is not None:
            if path.suffix != ".json":
                raise MiniatureError(f"--record {path}: give a .json file; the page goes beside it")
            self.models = _read(path)
            self._write()  # a full disk or a missing permission shows before an hour of work
        self.models.setdefault(label, {})

    def model(self, about: Numbers) -> None:
        """Note what the model is; numbers of other weights under the same label are dropped."""
        known = self.models[self.label].get("model", {})
        if known.get("weights") != about["weights"] or known.get("quick") != about["quick"]:
            self.models[self.label] = {}
        self.models[self.label]["model"] = dict(about)

    def add(self, measure: str, found: Numbers) -> None:
        """Keep the numbers of a measure."""
        self.models[self.label][measure] = dict(found)
        if self.path is not None:
            self._write()

    def plot(self, path: Path) -> None:
        """Draw recognition by guidance scale, one line a model."""
        with matplotlib.style.context(STYLE):
            figure = Figure(figsize=(5, 3))
            FigureCanvasAgg(figure)
            axes = figure.subplots()
            for label, numbers in self.models.items():
                if "recognition" in numbers:
                    found = numbers["recognition"]
                    axes.plot(found["scales"], found["among_set"], "o-", label=label)
            axes.set(xlabel="guidance scale", ylabel="recognised, %", ylim=(-3, 103))
            axes.legend()
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path)

    def _write(self) -> None:
        assert self.path is not None
        page = "\n".join(lines(self.models)) + "\n"
        whole = json.dumps(self.models, indent=1) + "\n"
        for path, text in ((self.path, whole), (self.path.with_suffix(".md"), page)):
            partial = path.with_name(path.name + ".part")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                partial.write_text(text, encoding="utf-8")
                partial.replace(path)
            except OSError as error:
                partial.unlink(missing_ok=True)
                raise MiniatureError(
                    f"{path} cannot be written ({error.strerror}); give another --record"
                ) from error


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {str(label): dict(numbers) for label, numbers in known.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise MiniatureError(f"{path} is no record of an evaluation; move it away") from error


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
            f"{n['speed']['seconds']['loop']} s, {n['speed']['seconds']['pipeline']} s "
            f"(load {n['speed']['load']})"
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
