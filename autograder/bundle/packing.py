"""Makes the zip: the grader's sources, two scripts, versions; the same bytes each time."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ..grading.key import ROOT
from ..sandbox import LEVELS
from ..submission.finding import ASSIGNMENTS

HERE = Path(__file__).resolve().parent
SCRIPTS = ("setup.sh", "run_autograder")
# What grading imports; the versions are those of requirements.lock.
REQUIREMENTS = ("torch", "torchvision", "numpy", "nbformat", "typer", "rich", "jinja2", "tqdm")
PACKAGES = ("autograder", "solutions", "course")
# Of no use for grading: other ways to results, figures, weights and pictures of the kit.
LEFT_OUT = ("autograder/demo", "autograder/variants", "course/figures")
KINDS = (".py", ".toml", ".html", ".j2", ".css", ".js", ".txt", ".gz")
# The first moment that a zip can hold: equal sources give equal bytes.
MOMENT = (1980, 1, 1, 0, 0, 0)
_ADDRESS = re.compile(r"https?://[^\s\"'`$\\]+")


class BundleError(ValueError):
    """A bundle that cannot be made as asked; one line says why."""


def write_bundle(
    out: Path, assignment: str, isolation: str = "landlock", torch_index: str | None = None
) -> int:
    """Writes Gradescope's autograder zip of one assignment.

    Args:
        out: The zip; it must not be there yet.
        assignment: ``part_a`` or ``part_b``.
        isolation: The level below which the grader refuses to run.
        torch_index: Address of an index with CPU builds of torch; the default index else.

    Returns:
        The number of files in it.

    Raises:
        BundleError: An unknown assignment or level, no address, or a file that exists.
        OSError: The file cannot be written.
    """
    if assignment not in ASSIGNMENTS:
        raise BundleError(f"unknown assignment {assignment!r}: choose {' or '.join(ASSIGNMENTS)}")
    if isolation not in LEVELS:
        raise BundleError(f"unknown level {isolation!r}: choose one of {', '.join(LEVELS)}")
    if torch_index is not None and not _ADDRESS.fullmatch(torch_index):
        raise BundleError(f"{torch_index!r} is no address of an index: it starts with https://")
    if out.exists():
        raise BundleError(f"{out} exists: name a new file, or remove it")
    options = json.dumps({"assignment": assignment, "isolation": isolation})
    texts = {
        "requirements.txt": "".join(f"{name}\n" for name in REQUIREMENTS),
        "torch-index.txt": torch_index or "",
        "bundle.json": f"{options}\n",
    }
    contents = {name: text.encode() for name, text in texts.items()}
    contents |= {name: (HERE / name).read_bytes() for name in SCRIPTS}
    contents |= {str(p.relative_to(ROOT)): p.read_bytes() for p in _sources()}
    _write(out, contents)
    return len(contents)


def _sources() -> Iterator[Path]:
    yield ROOT / "requirements.lock"
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(LEFT_OUT) or "__pycache__" in name or not path.is_file():
                continue
            # The kit's texts are vocabularies and data for notebooks.
            if path.suffix in (KINDS if not name.startswith("course/kit") else (".py",)):
                yield path


def _write(out: Path, contents: dict[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name in SCRIPTS else 0o644) << 16
            bundle.writestr(entry, content)
