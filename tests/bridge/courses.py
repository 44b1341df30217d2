"""A course of nbgrader's: what is handed in, and its commands."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from solutions.sampling import forward
from tests.bridge.support import ROOT, opened

CONFIG = "from autograder.bridge import configure\n\nconfigure(get_config())\n"
HOSTILE = "My notes. <script>alert(1)</script>"
DOCTORED = "pass  # full marks, please"


def nbgrader(folder: Path, *words: str, ok: bool = True) -> str:
    """Runs nbgrader in a course's folder and returns what it says."""
    beside = str(Path(sys.executable).parent)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        env={
            **os.environ,
            "PATH": os.pathsep.join((beside, os.environ["PATH"])),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            # A kernel that is started says so, by failing.
            "JUPYTER_PATH": str(folder / "no-kernels"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        },
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert (done.returncode == 0) is ok, done.stderr
    return done.stdout + done.stderr


def hand_in(folder: Path, student: str, source: str = "", picture: str = "") -> Path:
    """Puts a notebook into submitted/: the release, with an answer, a hostile note, a bad check.

    Args:
        folder: The course's.
        student: Whose notebook it is.
        source: The answer to ``a1_1_forward``; a right one by default.
        picture: The output of ``a1_1_figure``, a PNG in base64; none by default.
    """
    notebook = json.loads((ROOT / "release/part_a/part_a.ipynb").read_text("utf-8"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    cells["a1_1_forward"]["source"] = source or inspect.getsource(forward)
    cells["a1_1_forward_check"]["source"] = DOCTORED
    if picture:
        shown = {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture}}
        cells["a1_1_figure"]["outputs"] = [shown]
    note = {"cell_type": "markdown", "id": "note", "metadata": {}, "source": HOSTILE}
    notebook["cells"].insert(0, note)
    path = folder / "submitted" / student / "part_a" / "part_a.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), "utf-8")
    return path


def grades(
    folder: Path, student: str = "ada", assignment: str = "part_a"
) -> dict[str, dict[str, Any]]:
    """Gives each grade of a submission, by its cell."""
    with opened(folder / "gradebook.db") as gradebook:
        own = gradebook.find_submission(assignment, student).notebooks[0]
        return {row.name: row.to_dict() for row in own.grades}
