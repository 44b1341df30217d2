"""A disk that fills up in the middle, a folder that cannot be written, a clock that jumps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.journal import NAME, Journal
from autograder.grading.run import Options, grade_class
from tests.grading.classroom import lines_of, recorded, write_class
from tests.grading.test_journal import result

STUDENTS = ("ada", "bob", "carl", "dora", "emil", "fred", "gina", "hugo")
ROOM = 2**20

# Runs within a mount of its own; what it prints last is what it saw.
FILLS_UP = """
import json, os, sys
from pathlib import Path
from unittest import mock
from typer.testing import CliRunner
import autograder.cli as cli
from autograder.grading import run
from autograder.grading.journal import NAME
from autograder.results import read_results

def main():
    submitted, out, manifest, whole = map(Path, sys.argv[1:5])
    at = -1
    graded = run.grade_class

    def on_a_disk_that_fills(options, progress):
        def step(done, total):
            progress(done, total)
            if done == at and not filler.exists():
                fill(filler)
        return graded(run.Options(submitted, out, 1, isolation="process", manifest=manifest), step)

    def fill(path):
        with path.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(512))
            except OSError as error:
                assert error.strerror == "No space left on device"

    def command():
        return CliRunner().invoke(cli.app, ["grade", str(submitted), "--out", str(out)])

    def seen(result):
        files = {p.name: p.stat().st_size for p in out.rglob("*") if p.is_file()}
        journal = out / NAME
        lines = journal.read_bytes().count(b"\\n") if journal.exists() else 0
        return {"status": result.exit_code, "said": result.stderr, "files": files, "lines": lines}

    filler = out / "filler"
    found = {}
    with mock.patch.object(cli, "grade_class", on_a_disk_that_fills):
        if whole.name == "whole":
            found["before"] = seen(command())
            (out / "journal.jsonl").write_bytes(b"")  # everything is graded again
            found["old"] = (out / "results.jsonl").read_text()
        at = int(sys.argv[5])
        found["full"] = seen(command())
        if whole.name == "whole":
            found["kept"] = (out / "results.jsonl").read_text()
        filler.unlink(missing_ok=True)
        at = -1
        found["after"] = seen(command())
    found["results"] = [r.student for r in read_results(out / "results.jsonl")]
    print(json.dumps(found))

if __name__ == "__main__":
    main()
"""


def on_a_small_disk(tmp_path: Path, manifest: Path, at: int, whole: bool) -> dict[str, Any]:
    """What a run sees whose output folder is a disk of a megabyte that fills after `at` results."""
    bwrap = shutil.which("bwrap")
    out = tmp_path / "out"
    out.mkdir()
    probe = [str(bwrap), "--dev-bind", "/", "/", "--size", str(ROOM), "--tmpfs", str(out)]
    if bwrap is None or subprocess.run([*probe, "true"], check=False).returncode != 0:
        if os.environ.get("REQUIRE_ISOLATION") == "strict":
            pytest.fail("bubblewrap is required here, and cannot mount a small disk")
        pytest.skip("no bubblewrap to mount a small disk with")
    script = tmp_path / "fills_up.py"
    script.write_text(FILLS_UP, encoding="utf-8")
    submitted = write_class(tmp_path / "submitted", {name: {} for name in STUDENTS}, manifest)
    told = [submitted, out, manifest, "whole" if whole else "new", at]
    done = subprocess.run(
        [*probe, sys.executable, str(script), *map(str, told)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_disk_that_fills_in_the_middle(tmp_path: Path, manifest: Path) -> None:
    """The journal's next line does not fit: nothing is half-written, and the next run goes on."""
    found = on_a_small_disk(tmp_path, manifest, at=2, whole=False)
    full, after = found["full"], found["after"]
    assert full["status"] == 2
    (line,) = full["said"].strip().splitlines()
    assert "journal.jsonl: No space left on device; finished results are kept" in line
    # The last page of the journal may have room for a line or two.
    assert 2 <= full["lines"] < len(STUDENTS)
    assert set(full["files"]) == {NAME, "filler"}
    assert after["status"] == 0
    assert after["lines"] == len(STUDENTS)
    assert found["results"] == list(STUDENTS)


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_end(tmp_path: Path, manifest: Path) -> None:
    """Results of a run before are still whole; no part of a file is left beside them."""
    found = on_a_small_disk(tmp_path, manifest, at=len(STUDENTS), whole=True)
    full, after = found["full"], found["after"]
    assert found["before"]["status"] == 0
    assert full["status"] == 2
    assert "No space left on device; finished results are kept" in full["said"]
    assert found["kept"] == found["old"]
    assert set(full["files"]) == {*found["before"]["files"], "filler"}
    assert (after["status"], after["lines"]) == (0, len(STUDENTS))
    assert found["results"] == list(STUDENTS)


@pytest.mark.parametrize("fits", [0, 1, 40, 300])
def test_a_line_that_does_not_fit_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    """A disk with room for a part of a line, by the limit that the kernel sets on files."""
    with Journal(tmp_path) as journal:
        journal.add("a", result("ada"))
        before = journal.path.read_bytes()

        def partly(file: Any, data: bytes) -> None:
            file.write(data[:fits])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("autograder.grading.journal._write", partly)
            with pytest.raises(OSError, match="No space left on device") as caught:
                journal.add("b", result("bob"))
        assert caught.value.filename == str(journal.path)
        assert journal.path.read_bytes() == before
        assert journal.find("b", "bob", "part_a") is None
        journal.add("c", result("carl"))
    assert recorded(tmp_path) == ["ada", "carl"]


def test_a_folder_that_cannot_be_written(tmp_path: Path, manifest: Path) -> None:
    """Mounted read-only, which stops root as well: one line, and the old results stay."""
    bwrap = shutil.which("bwrap")
    out = tmp_path / "out"
    out.mkdir()
    (out / NAME).touch()
    (out / "results.jsonl").write_text("old\n", encoding="utf-8")
    mount = [str(bwrap), "--dev-bind", "/", "/", "--ro-bind", str(out), str(out)]
    if bwrap is None or subprocess.run([*mount, "true"], check=False).returncode != 0:
        if os.environ.get("REQUIRE_ISOLATION") == "strict":
            pytest.fail("bubblewrap is required here, and cannot mount a folder read-only")
        pytest.skip("no bubblewrap to mount a folder read-only with")
    submitted = write_class(tmp_path / "submitted", {"ada": {}}, manifest)
    command = [sys.executable, "-m", "autograder", "grade", str(submitted), "--out", str(out)]
    done = subprocess.run([*mount, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "Read-only file system" in line
    assert str(out) in line
    assert (out / "results.jsonl").read_text(encoding="utf-8") == "old\n"
    assert sorted(path.name for path in out.iterdir()) == [NAME, "results.jsonl"]


def test_a_clock_that_jumps(
    tmp_path: Path, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back by years and forth by years, with every look at it."""
    submitted = write_class(tmp_path / "submitted", {name: {} for name in STUDENTS[:2]}, manifest)
    jumps = iter(range(10**9))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + (-1) ** next(jumps) * 3e8)
    options = Options(submitted, tmp_path / "out", 1, manifest=manifest)
    report = grade_class(options)
    assert report.failed == []
    lines = lines_of(options.out)
    assert {line["score"] for line in lines.values()} == {8.0}
    assert all(0 < line["seconds"] < 3600 for line in lines.values())
    assert grade_class(options).reused == 2


def test_nothing_that_grades_asks_for_the_time_of_day() -> None:
    """Deadlines and limits count with a clock that nobody can set."""
    root = Path(sys.modules["autograder"].__file__ or "").parent
    asked = ("time.time(", "datetime.now(", "datetime.today(", "utcnow(")
    for folder in ("grading", "sandbox", "worker", "served", "checks", "oracles"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not [word for word in asked if word in text], path.name
