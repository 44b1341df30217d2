"""A class whose names try what a file format may get wrong."""

from __future__ import annotations

from autograder.results import CheckOutcome, ExerciseResult, SubmissionResult

CHECKS = (CheckOutcome("shape", 2, 2), CheckOutcome("noise", 0, 3, "Too strong."))
EXERCISES = (
    ExerciseResult("a1_1_forward", 2, 5, "failed", "alpha-bar-without-root", "Too strong.", CHECKS),
    ExerciseResult("a1_1_figure", 0, 3, "manual", None, "A picture is there."),
    ExerciseResult("a1_2_classical", 1.5, 1.5, "passed"),
    ExerciseResult("a1_3_one_step", 0, 4, "error", None, "NameError in line 2."),
    ExerciseResult("a1_4_iterative", 0, 6, "timeout", None, "Stopped after 60 s."),
    ExerciseResult("a1_5_sample", 0, 3, "missing", None, "No answer was found."),
)
NAMES = (
    "=1+2",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    'O\'Neil, "Bob"',
    "two\nlines",
    "李小龍",
    "עומר",
    "Ærø Ñandú",
    "Ελένη Щукина",
    "محمد, ب",
    "हिन्दी ไทย 한글",
    "e\u0301 \u202egnp.evil",
    "👩‍🔬 𝔘nicode",
    "＝SUM(A1)",
    "a;b\r\nc",
    "\u2028line",
    "<b>&amp;]]></b>",
    "| `a` | [x](https://example.org) @all",
    "bell\x07",
    "bj\udcf6rn",
    "bob",
    "Bob",
)


def submission(student: str = "bob", assignment: str = "part_a") -> SubmissionResult:
    return SubmissionResult(
        student=student,
        assignment=assignment,
        score=3.5,
        max_score=22.5,
        isolation="strict",
        seconds=1.25,
        exercises=EXERCISES,
        repairs=("a1_1_forward: 2 whole copies, the last is taken (cell 7)",),
    )
