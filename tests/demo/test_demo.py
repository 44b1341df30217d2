"""The sample class is what `make demo` needs: many kinds of students, real notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder.demo.__main__ import main
from autograder.demo.people import CLASS
from autograder.demo.write import write_class
from autograder.submission import Submission, SubmissionError, find_submissions, read_answers
from course.manifest import load_manifest

BROKEN = {person.name for person in CLASS if person.spoil == "broken"}
PATHS = [(person.name, part) for person in CLASS for part in person.parts]


@pytest.fixture(scope="module")
def submitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, written once."""
    folder = tmp_path_factory.mktemp("class") / "submitted"
    assert len(write_class(folder)) == len(CLASS)
    return folder


def test_the_class_has_at_least_twelve_students_of_every_kind() -> None:
    assert len({person.name for person in CLASS}) == len(CLASS) >= 12
    assert {person.spoil for person in CLASS} == {"", "stripped", "split", "broken"}
    own = "".join(source or "" for person in CLASS for source in person.own.values())
    for accident in ("ctypes.string_at(0)", "while True", "hoard.append", "/proc", "tqdm("):
        assert accident in own


@pytest.mark.parametrize(("student", "part"), PATHS)
def test_notebooks_are_valid_but_those_broken_on_purpose(
    submitted: Path, student: str, part: str
) -> None:
    path = submitted / student / part / f"{part}.ipynb"
    if student in BROKEN:
        with pytest.raises(SubmissionError):
            read_answers(path, load_manifest(), part)
        return
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) > 20


def test_every_notebook_is_found(submitted: Path) -> None:
    found = find_submissions(submitted)
    assert sorted((item.student, item.assignment) for item in found) == sorted(PATHS)
    assert all(isinstance(item, Submission) for item in found)


def test_the_answers_are_in_the_notebooks(submitted: Path) -> None:
    """Also where the metadata is gone or a cell was split."""
    manifest = load_manifest()
    for person in CLASS:
        if person.name in BROKEN:
            continue
        for part in person.parts:
            path = submitted / person.name / part / f"{part}.ipynb"
            answers = read_answers(path, manifest, part)
            for key, source in answers.sources.items():
                wanted = person.source(manifest.exercises[key])
                if wanted is not None:
                    assert source is not None, (person.name, key)
                    assert wanted.split() == source.split(), (person.name, key)
            if person.spoil:
                assert answers.repairs


def test_the_command_writes_into_a_new_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "new")]) == 0
    assert f"{len(CLASS)} students" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(p.name for p in CLASS)


def test_the_command_refuses_a_folder_that_is_not_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_refuses_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("mine", encoding="utf-8")
    assert main([str(path)]) == 2
    assert "mine.txt" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("arguments", [[], ["a", "b"]])
def test_the_command_says_how_it_is_used(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "FOLDER" in capsys.readouterr().err
