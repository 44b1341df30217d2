"""`python -m benchmarks.ten.ours SUBMITTED OUT [WORKERS]`: our grader on the course of ten checks.

All that `autograder grade` does: reads the notebooks, grades them at the strongest level of the
host, keeps the journal, writes results, grades and the report. Prints level and scores as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from autograder.grading.run import Options, grade_class
from autograder.report import write_report

from . import MANIFEST


def main(submitted: str, out: str, workers: str = "") -> None:
    """Grades the class; every process is gone when it returns."""
    options = Options(
        Path(submitted),
        Path(out),
        workers=int(workers) if workers else None,
        assignment="part_a",
        manifest=MANIFEST,
    )
    report = grade_class(options)
    write_report(options.out, report.results)
    scores = {result.student: result.score for result in report.results}
    print(json.dumps({"level": report.level, "scores": scores}))


if __name__ == "__main__":
    main(*sys.argv[1:])
