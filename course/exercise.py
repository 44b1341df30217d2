"""What one exercise is, and all of them together: plain data, read by `course.manifest`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class ManifestError(ValueError):
    """The manifest cannot be used; the message starts with file and line."""


@dataclass(frozen=True)
class Limits:
    """What one exercise may use while it is graded; `course.limits` reads them.

    Attributes:
        wall: Wall-clock time, in seconds.
        cpu: Processor time, in seconds.
        memory_mib: Memory, in MiB.
        processes: Processes and threads.
        descriptors: Open files.
        file_mib: Largest file, and all that is written to the private disk, in MiB.
        reply_mib: Largest value that a function may return, in MiB.
        output_mib: What may be printed, in MiB.
        vram_mib: Memory of a GPU, in MiB; only where `device` is "cuda".
    """

    wall: float = 60.0
    cpu: float = 15.0
    memory_mib: int = 2048
    processes: int = 48
    descriptors: int = 128
    file_mib: int = 64
    reply_mib: int = 64
    output_mib: int = 16
    vram_mib: int = 8192


@dataclass(frozen=True)
class SubmissionLimits:
    """What all exercises of one notebook may use together while they are graded.

    Attributes:
        wall: Wall-clock time, in seconds.
        cpu: Processor time of the answers, in seconds.
    """

    wall: float = 1800.0
    cpu: float = 900.0


@dataclass(frozen=True)
class Exercise:
    """One table of the manifest.

    Attributes:
        id: Key of the table, `grade_id` of the cell, name of the check file.
        title: A few words for tables and reports.
        part: Notebook: "a" for part_a, "b" for part_b.
        section: Section of the report, such as "A 1.1".
        sources: Objects that the student writes, as "module:name"; empty if graded by hand.
        checks: Named checks and their points, in order; empty if graded by hand.
        points: What the exercise is worth: the sum of `checks`, or as given if graded by hand.
        hint: Shown to a student on request; empty if graded by hand.
        device: Where the exercise is meant to run, "cpu" or "cuda".
        manual: Whether a person grades it.
        rubric: What the person looks for, one sentence each.
        kind: "figure" or "text" if graded by hand, else None.
        limits: Time and memory for grading.
        line: Line of the table header in the manifest, from 1.
    """

    id: str
    title: str
    part: str
    section: str
    sources: tuple[str, ...] = ()
    checks: Mapping[str, float] = field(default_factory=dict)
    points: float = 0.0
    hint: str = ""
    device: str = "cpu"
    manual: bool = False
    rubric: tuple[str, ...] = ()
    kind: str | None = None
    limits: Limits = Limits()
    line: int = 0

    @property
    def objects(self) -> tuple[str, ...]:
        """Names that the student defines, without their module."""
        return tuple(source.partition(":")[2] for source in self.sources)

    @property
    def rubric_text(self) -> str:
        """The Markdown cell above an answer that is graded by hand: what is looked for."""
        points = f"{self.points:g} point" + ("s" if self.points != 1 else "")
        lines = [f"**{self.title}** ({points}, graded by hand). What is looked for:", ""]
        return "\n".join([*lines, *(f"- {line}" for line in self.rubric)])


@dataclass(frozen=True)
class Manifest:
    """All exercises, in the order of the report.

    Attributes:
        path: File they were read from.
        exercises: Each exercise under its id, read-only.
        submission: Limits of one notebook.
    """

    path: Path
    exercises: Mapping[str, Exercise]
    submission: SubmissionLimits = SubmissionLimits()

    def of_part(self, part: str) -> tuple[Exercise, ...]:
        """Exercises of one notebook ("a" or "b"), in order."""
        return tuple(e for e in self.exercises.values() if e.part == part)
