"""What a class did, as numbers: the part of the report that needs no page to be tested."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.results import ExerciseResult, SubmissionResult
from course.exercise import Manifest

# How an answer ended, for colours and bars: a result's status, with partial credit told apart.
OUTCOMES = ("passed", "partial", "failed", "missing", "error", "timeout", "manual")
BINS = 10
LONGEST = 5

Explain = Callable[[str, str], str]


@dataclass(frozen=True)
class ExerciseSummary:
    """One exercise over all submissions.

    Attributes:
        id: The exercise's id.
        title: Its title.
        section: Its section.
        manual: Whether it is graded by hand.
        counts: Number of answers per outcome.
        mean: Mean share of the points, in [0, 1].
    """

    id: str
    title: str
    section: str
    manual: bool
    counts: dict[str, int]
    mean: float

    @property
    def total(self) -> int:
        """Number of submissions that have this exercise."""
        return sum(self.counts.values())

    @property
    def pass_rate(self) -> float:
        """Share of submissions that passed, in [0, 1]."""
        return self.counts["passed"] / self.total if self.total else 0.0


@dataclass(frozen=True)
class Misconception:
    """A recognised mistake and how often it was met."""

    exercise: str
    title: str
    slug: str
    says: str
    count: int


@dataclass(frozen=True)
class AssignmentSummary:
    """One assignment over the class.

    Attributes:
        name: The assignment.
        shares: Each submission's share of the points given by checks, in [0, 1].
        bins: Number of submissions per tenth of the points; full marks are in the last one.
        mean: Mean share.
        median: Median share.
        points: Points given by checks.
        by_hand: Points given by hand.
        exercises: Its exercises, in the manifest's order.
        misconceptions: Recognised mistakes, the commonest first.
        troubled: Submissions with an error, a timeout or without any answer, the worst first.
        slowest: The submissions that took longest, and those only that took a second or more.
    """

    name: str
    shares: tuple[float, ...]
    bins: tuple[int, ...]
    mean: float
    median: float
    points: float
    by_hand: float
    exercises: tuple[ExerciseSummary, ...]
    misconceptions: tuple[Misconception, ...]
    troubled: tuple[tuple[SubmissionResult, str], ...]
    slowest: tuple[SubmissionResult, ...]

    @property
    def expected(self) -> int:
        """Number of answers that are graded by hand, or would be if they were there."""
        return sum(e.total for e in self.exercises if e.manual)

    @property
    def absent(self) -> int:
        """Number of those that are missing."""
        return sum(e.counts["missing"] for e in self.exercises if e.manual)


def outcome(exercise: ExerciseResult) -> str:
    """Gives the status, or ``partial`` for a failed answer that has some points."""
    if exercise.status == "failed" and exercise.score > 0:
        return "partial"
    return exercise.status


def checked_points(result: SubmissionResult, manifest: Manifest) -> tuple[float, float]:
    """Gives score and possible points of the exercises that checks grade."""
    graded = [e for e in result.exercises if not is_manual(e, manifest)]
    return sum(e.score for e in graded), sum(e.max_score for e in graded)


def is_manual(exercise: ExerciseResult, manifest: Manifest) -> bool:
    """Says whether a person grades the exercise; the manifest knows, else the status."""
    known = manifest.exercises.get(exercise.id)
    return known.manual if known else exercise.status == "manual"


def share(score: float, points: float) -> float:
    """Gives ``score`` as a share of ``points``, in [0, 1]; 0 where nothing can be had."""
    return min(max(score / points, 0.0), 1.0) if points > 0 else 0.0


def summarise(
    results: Sequence[SubmissionResult], manifest: Manifest, explain: Explain
) -> list[AssignmentSummary]:
    """Summarises each assignment, in alphabetical order.

    Args:
        results: All submissions.
        manifest: The course's exercises, for titles and sections.
        explain: Gives a mistake's sentence from exercise id and slug.
    """
    names = sorted({result.assignment for result in results})
    return [
        _assignment(name, [r for r in results if r.assignment == name], manifest, explain)
        for name in names
    ]


def _assignment(
    name: str, results: list[SubmissionResult], manifest: Manifest, explain: Explain
) -> AssignmentSummary:
    checked = [checked_points(result, manifest) for result in results]
    shares = tuple(share(*points) for points in checked)
    bins = Counter(min(int(value * BINS), BINS - 1) for value in shares)
    points = max((possible for _, possible in checked), default=0.0)
    total = max((result.max_score for result in results), default=0.0)
    slowest = sorted((r for r in results if r.seconds >= 1), key=lambda r: (-r.seconds, r.student))
    return AssignmentSummary(
        name=name,
        shares=shares,
        bins=tuple(bins[i] for i in range(BINS)),
        mean=statistics.fmean(shares),
        median=statistics.median(shares),
        points=points,
        by_hand=total - points,
        exercises=_exercises(results, manifest),
        misconceptions=_misconceptions(results, manifest, explain),
        troubled=tuple((r, words) for r in _worst_first(results) if (words := trouble(r))),
        slowest=tuple(slowest[:LONGEST]),
    )


def _worst_first(results: list[SubmissionResult]) -> list[SubmissionResult]:
    def crashes(result: SubmissionResult) -> int:
        return sum(exercise.status in ("error", "timeout") for exercise in result.exercises)

    return sorted(results, key=lambda result: (-crashes(result), result.student))


def _exercises(
    results: Iterable[SubmissionResult], manifest: Manifest
) -> tuple[ExerciseSummary, ...]:
    answers: dict[str, list[ExerciseResult]] = {}
    for result in results:
        for exercise in result.exercises:
            answers.setdefault(exercise.id, []).append(exercise)
    summaries = []
    for key, found in answers.items():
        known = manifest.exercises.get(key)
        counts = Counter(outcome(answer) for answer in found)
        summaries.append(
            ExerciseSummary(
                id=key,
                title=known.title if known else key,
                section=known.section if known else "",
                manual=is_manual(found[0], manifest),
                counts={name: counts[name] for name in OUTCOMES},
                mean=statistics.fmean(share(a.score, a.max_score) for a in found),
            )
        )
    order = {key: place for place, key in enumerate(manifest.exercises)}
    return tuple(sorted(summaries, key=lambda s: (order.get(s.id, len(order)), s.id)))


def _misconceptions(
    results: Iterable[SubmissionResult], manifest: Manifest, explain: Explain
) -> tuple[Misconception, ...]:
    counts = Counter((e.id, e.diagnosis) for r in results for e in r.exercises if e.diagnosis)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(
        Misconception(
            exercise=key,
            title=manifest.exercises[key].title if key in manifest.exercises else key,
            slug=slug or "",
            says=explain(key, slug or ""),
            count=count,
        )
        for (key, slug), count in ordered
    )


def trouble(result: SubmissionResult) -> str:
    """Says in words what an instructor should look at; empty where all went its way."""
    counts: Counter[str] = Counter(exercise.status for exercise in result.exercises)
    parts = [
        f"{counts[status]} {name}{'s' if counts[status] > 1 else ''}"
        for status, name in (("timeout", "timeout"), ("error", "error"))
        if counts[status]
    ]
    answered = len(result.exercises) - counts["missing"] - counts["manual"]
    if not parts and not answered:
        parts = ["no answer found"]
    return ", ".join(parts)
