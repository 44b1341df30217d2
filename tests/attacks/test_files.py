"""Files that are no notebooks: each is refused in words, and none is followed or unpacked."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.submission import Refusal, Submission, SubmissionError, find_submissions
from autograder.submission import read_answers as read
from course.manifest import load_manifest

SECRET = '{"cells": [], "nbformat": 4, "nbformat_minor": 4, "metadata": {}}'


def zip_slip(path: Path) -> None:
    """An archive whose members lie above the folder, under a notebook's name."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../slipped.txt", "outside")
        archive.writestr("part_a.ipynb", SECRET)


def zip_bomb(path: Path) -> None:
    """An archive of 100 KB that holds 100 MB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part_a.ipynb", bytes(10**8))


def link(path: Path) -> None:
    """A link to a notebook that the student may not read, but the grader may."""
    secret = path.parents[3] / "instructors.ipynb"
    secret.write_text(SECRET, encoding="utf-8")
    path.symlink_to(secret)


def fifo(path: Path) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def device(path: Path) -> None:
    """A link to a device that never ends."""
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [zip_slip, zip_bomb, link, fifo, device])
def test_what_is_no_notebook_is_refused(make: Callable[[Path], None], tmp_path: Path) -> None:
    """Does each give one line of refusal, with nothing written outside of its folder?"""
    folder = tmp_path / "submitted" / "ann" / "part_a"
    folder.mkdir(parents=True)
    make(folder / "part_a.ipynb")
    before = set(tmp_path.rglob("*"))
    (found,) = find_submissions(tmp_path / "submitted")
    if isinstance(found, Submission):
        with pytest.raises(SubmissionError) as refused:
            read(found.path, load_manifest(), found.assignment)
        found = Refusal(found.student, found.assignment, str(refused.value))
    assert len(found.message.splitlines()) == 1
    assert set(tmp_path.rglob("*")) == before
