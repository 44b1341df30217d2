"""The full tier of a class, through the command, in sandboxed workers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.demo.people import Person
from autograder.demo.write import RELEASE, handed_in
from autograder.grading.run import Options, grade_class
from autograder.results import read_results
from course.manifest import DEFAULT_PATH, load_manifest

Answers = Mapping[str, str | None]
IDS = ("b2_4_class_unet", "b2_5_train", "b2_5_sample")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest's tables of three exercises."""
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    tables = {t.partition("]")[0]: f"[{t}" for t in re.split(r"^\[", text, flags=re.MULTILINE)[1:]}
    path = tmp_path_factory.mktemp("manifest") / "exercises.toml"
    path.write_text("".join(tables[key] for key in IDS), encoding="utf-8")
    return path


def write_class(
    folder: Path, students: Mapping[str, Mapping[str, str]], answers: Answers, manifest: Path
) -> Path:
    """Submissions of Part B; what a student does not change is the solution."""
    release = nbformat.read(RELEASE / "part_b" / "part_b.ipynb", as_version=4)
    for name, changed in students.items():
        own = {key: str(changed.get(key, answers[key])) for key in IDS}
        person = Person(name, ("part_b",), lambda _: None, own=own)
        path = folder / name / "part_b" / "part_b.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(handed_in(release, person, load_manifest(manifest)), encoding="utf-8")
    return folder


def test_a_class_is_trained(tmp_path: Path, manifest: Path, answers: Answers) -> None:
    """A training and a record that is none, from notebooks to results.jsonl and the journal."""
    students: dict[str, dict[str, str]] = {"ada": {}, "bob": {}}
    submitted = write_class(tmp_path / "submitted", students, answers, manifest)
    (submitted / "bob" / "part_b" / "b2_5.safetensors").write_bytes(b"no record")
    options = Options(
        submitted, tmp_path / "out", 2, manifest=manifest, device="cpu", tier="full", preset="smoke"
    )
    report = grade_class(options)
    assert not report.failed
    found = {r.student: r for r in read_results(tmp_path / "out" / "results.jsonl")}
    assert {r.tier for r in found.values()} == {"full-smoke"}
    ada, bob = (found[name] for name in students)
    assert [(f.exercise, f.status) for f in ada.trainings] == [
        ("b2_5_train", "passed"),
        ("b2_5_sample", "passed"),
    ]
    assert ada.score == ada.max_score
    assert set(ada.trainings[0].standins) == {"b2_4_class_unet", "b2_2_schedule", "b2_4_forward"}
    assert [f.status for f in bob.trainings] == ["failed"]
    assert "damaged or no safetensors file" in bob.trainings[0].message
    assert ada.score - bob.score == load_manifest(manifest).exercises["b2_5_train"].checks["learns"]
    again = grade_class(options)
    assert again.reused == len(students)


def command(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["grade", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tier", "full"), "or --device cpu --preset reduced"),
        (("--tier", "slow"), "--tier slow: there are quick and full"),
        (("--tier", "full", "--preset", "huge"), "--preset huge: there are full, reduced, smoke"),
        (("--preset", "smoke"), "--preset smoke is for --tier full"),
    ],
)
def test_what_cannot_be_is_told(
    arguments: tuple[str, ...],
    told: str,
    tmp_path: Path,
    manifest: Path,
    answers: Answers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("autograder.sandbox.gpus.visible", lambda: ())
    submitted = write_class(tmp_path / "submitted", {"ada": {}}, answers, manifest)
    status, said = command(submitted, "--out", tmp_path / "out", *arguments)
    assert status == 2
    assert told in said
    assert not (tmp_path / "out").exists()
