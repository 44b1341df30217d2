"""The output folder of a grading run: made, or refused where it holds something of others."""

from __future__ import annotations

from pathlib import Path

from .journal import NAME, FolderError

# What a run writes anew each time; only a journal beside it tells that a run wrote it before.
WRITTEN = ("results.jsonl", "grades.csv", "report.html", "feedback")


def claim(folder: Path) -> None:
    """Makes an output folder, or takes that of an earlier run.

    Raises:
        FolderError: It is a file, cannot be made, or has results that no run wrote.
    """
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder} is a file: name a folder for the results")
    try:
        present = [name for name in WRITTEN if (folder / name).exists()]
        if present and not (folder / NAME).is_file():
            raise FolderError(
                f"{folder} has a {present[0]} that no grading run wrote (there is no {NAME}): "
                "name another folder for the results, or move it away"
            )
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(
            f"{folder} cannot be made or read ({reason}): name another folder for the results"
        ) from error
