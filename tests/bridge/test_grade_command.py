"""`autograder grade --gradebook`, from folders to the gradebook."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from typer.testing import CliRunner, Result

from autograder.cli import app
from autograder.results import read_results
from tests.bridge.support import ROOT, opened


def run(submitted: Path, out: Path, book: Path) -> Result:
    words = ["grade", submitted, "--out", out, "--workers", 1, "--gradebook", book]
    return CliRunner().invoke(app, [*map(str, words), "--assignment", "part_b"])


def test_results_reach_the_gradebook(book: Path, tmp_path: Path) -> None:
    """An unsolved notebook's results arrive; a gradebook that cannot be used keeps none back."""
    folder = tmp_path / "submitted" / "ada" / "part_b"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "release" / "part_b" / "part_b.ipynb", folder)
    done = run(tmp_path / "submitted", tmp_path / "out", book)
    assert done.exit_code == 0, done.output
    assert "ada was not in the gradebook" in done.stderr
    (result,) = read_results(tmp_path / "out" / "results.jsonl")
    with opened(book) as gradebook:
        submission = gradebook.find_submission("part_b", "ada")
        assert (submission.score, submission.max_score) == (result.score, result.max_score)
        comment = gradebook.find_comment("b1_1_unet", "part_b", "part_b", "ada")
        assert comment.auto_comment == next(
            e.message for e in result.exercises if e.id == "b1_1_unet"
        )
    with sqlite3.connect(book) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'old'")
    connection.close()
    refused = run(tmp_path / "submitted", tmp_path / "other", book)
    assert refused.exit_code == 2
    assert "nbgrader db upgrade" in refused.stderr
    assert not (tmp_path / "other").exists()
