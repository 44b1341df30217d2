"""Names a submission's content and everything that its grade depends on.

Equal keys mean equal grades, so a result with a submission's key need not be made again.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from course.manifest import Manifest

from ..submission import Answers, Refusal
from .devices import Devices

ROOT = Path(__file__).resolve().parent.parent.parent
# The manifest's reader has the limits' defaults.
GRADER = ("autograder", "solutions", "course/exercise.py", "course/limits.py", "requirements.lock")
INSTALLED = ("torch", "torchvision", "numpy")


def content_key(
    answers: Answers | Refusal, level: str, manifest: Manifest, devices: Devices | None = None
) -> str:
    """The key of what was read from a notebook, graded at a level by this grader.

    Args:
        answers: What was read.
        level: The isolation level.
        manifest: The exercises.
        devices: Which of them run on a GPU; none by default.
    """
    devices = devices or Devices()
    if isinstance(answers, Refusal):
        content: object = ["refused", answers.message]
    else:
        manual = {k: [a.found, a.present, a.pictures] for k, a in answers.manual.items()}
        ran = [key for key in answers.sources if devices.of(manifest.exercises[key]) == "cuda"]
        content = [dict(answers.sources), manual, list(answers.repairs), ran]
    exercises = manifest.path.read_text(encoding="utf-8")
    text = json.dumps([content, level, exercises, grader_key()], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def grader_key() -> str:
    """Digest of the grader's and the solutions' text, of the lock, and of what is installed."""
    versions = [version(name) for name in INSTALLED]
    digest = hashlib.sha256(f"{sys.version_info[:3]} {versions}".encode())
    for path in sorted(_files()):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterable[Path]:
    for name in GRADER:
        path = ROOT / name
        # A packed grader comes without the lock.
        yield from [path] if path.is_file() else path.rglob("*.py")
