"""The numbers of models side by side: a JSON file, a page beside it, and a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib.style
from kit.paths import STYLE
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .errors import MiniatureError
from .table import PAGE, Numbers, lines


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
        page = PAGE.format(table="\n".join(lines(self.models)))
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
