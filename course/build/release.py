"""Writes `release/`, and compares it with what the sources give."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbformat import NotebookNode

from course.build.cells import to_text
from course.build.complete import check_files
from course.build.errors import BuildError
from course.build.layout import Layout, files_below
from course.build.leaks import find_leaks
from course.build.notebook import assemble
from course.build.sources import Sources
from course.manifest import PARTS, Manifest

# Makes an instructor's own nbgrader give the stubs of the release, and grade by our grader.
NBGRADER_CONFIG = '''"""Makes nbgrader name stubs and grade as `course` and `autograder` do."""

from autograder.bridge import configure
from course.build.stubs import student_preprocessors

c = get_config()  # noqa: F821
configure(c)
c.GenerateAssignment.preprocessors = student_preprocessors(gradebook=True)
# A cell may sample or train for minutes.
c.Execute.timeout = 1800
c.Execute.iopub_timeout = 120
'''


def solved_notebooks(root: Path) -> dict[str, NotebookNode]:
    """Assembles both source notebooks, solutions included.

    Args:
        root: Folder of the course.

    Returns:
        The notebooks under "part_a" and "part_b", as far as the manifest has exercises in them.

    Raises:
        ManifestError: A bad manifest.
        BuildError: Bad notebook sources or solutions; all problems of a part at once.
    """
    layout = Layout(root)
    manifest = layout.load()
    sources = Sources(layout, manifest)
    return {f"part_{p}": assemble(layout, manifest, sources, p) for p in _parts(manifest)}


def write_nbgrader_course(root: Path, out: Path) -> list[Path]:
    """Writes the solved notebooks as the source of an nbgrader course.

    Args:
        root: Folder of the course.
        out: A new or empty folder.

    Returns:
        The files written.

    Raises:
        ManifestError: A bad manifest.
        BuildError: A folder that is not empty, or anything that is wrong with the sources.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BuildError(f"{out}: exists and is not an empty folder: name another one")
    texts = {
        out / "source" / name / f"{name}.ipynb": to_text(notebook)
        for name, notebook in solved_notebooks(root).items()
    }
    texts[out / "nbgrader_config.py"] = NBGRADER_CONFIG
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def build(root: Path, out: Path) -> list[Path]:
    """Builds the release and puts it in the place of the former one, all or nothing.

    Args:
        root: Folder of the course.
        out: Folder of the release: new, empty, or an earlier release.

    Returns:
        The files written, relative to `out`.

    Raises:
        ManifestError: A bad manifest.
        BuildError: Anything else that is wrong with the sources; `out` is then as it was.
    """
    _refuse_foreign(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with _built(root, out.parent) as new:
        old = Path(tempfile.mkdtemp(prefix=".release-", dir=out.parent)) / "old"
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
        finally:
            shutil.rmtree(old.parent)
    return [path.relative_to(out) for path in files_below(out)]


def differences(root: Path, out: Path) -> list[str]:
    """Builds the release aside and compares it, byte for byte.

    Returns:
        One line for each file that is missing, extra or different, with the ids of the cells
        that differ in a notebook; empty if the release is fresh.

    Raises:
        ManifestError: A bad manifest.
        BuildError: Anything else that is wrong with the sources.
    """
    with tempfile.TemporaryDirectory(prefix="release-") as aside, _built(root, Path(aside)) as new:
        wanted = {path.relative_to(new): path for path in files_below(new)}
        present = {path.relative_to(out): path for path in files_below(out)}
        return [
            line
            for name in sorted(wanted.keys() | present.keys())
            if (line := _difference(name.as_posix(), wanted.get(name), present.get(name)))
        ]


def _parts(manifest: Manifest) -> list[str]:
    return [part for part in PARTS if manifest.of_part(part)]


@contextmanager
def _built(root: Path, parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".release-", dir=parent))
    try:
        new = folder / "new"
        new.mkdir()
        _write(Layout(root), new)
        yield new
    finally:
        shutil.rmtree(folder)


def _write(layout: Layout, out: Path) -> None:
    # Imported here because nbgrader takes seconds, which no other command needs.
    from course.build.stubs import make_stubs

    copied = ((layout.kit, out / "kit"), (layout.release_files, out))
    if missing := [layout.show(source) for source, _ in copied if not source.is_dir()]:
        raise BuildError(*(f"{name}:1: this folder is missing" for name in missing))
    check_files(layout, layout.load())
    for name, notebook in solved_notebooks(layout.root).items():
        (out / name).mkdir()
        text = to_text(make_stubs(notebook, f"{name}.ipynb"))
        (out / name / f"{name}.ipynb").write_text(text, encoding="utf-8", newline="\n")
    for source, target in copied:
        for path in files_below(source):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    leaks = find_leaks(layout, out)
    if leaks:
        raise BuildError(*(f"release/{leak}" for leak in leaks))


def _refuse_foreign(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise BuildError(f"{out}: is a file: name a folder")
    is_release = (out / "kit").is_dir() and any(out.glob("part_*/part_*.ipynb"))
    if out.exists() and any(out.iterdir()) and not is_release:
        raise BuildError(f"{out}: is not empty and not a release: name another folder")


def _difference(name: str, wanted: Path | None, present: Path | None) -> str | None:
    if present is None or wanted is None:
        return f"{name}: " + ("missing" if present is None else "extra, the sources do not give it")
    if wanted.read_bytes() == present.read_bytes():
        return None
    if wanted.suffix == ".ipynb":
        return f"{name}: differs ({_different_cells(wanted, present)})"
    return f"{name}: differs"


def _different_cells(wanted: Path, present: Path) -> str:
    try:
        new, old = (_cells(path) for path in (wanted, present))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "it is not a readable notebook"
    ids = [key for key in {**new, **old} if new.get(key) != old.get(key)]
    return "cells " + ", ".join(ids) if ids else "order of cells, metadata or format"


def _cells(path: Path) -> dict[str, object]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {str(cell["id"]): cell for cell in cells}
