"""A course of one exercise with ten trivial checks, the same for each grader that is measured.

Its check file is found by the grader because `benchmarks.ten` puts its folder on the path of
`autograder.checks`; the grading processes import this package as well, as they are spawned.
"""

from __future__ import annotations

from pathlib import Path

import autograder.checks

HERE = Path(__file__).parent
MANIFEST = HERE / "exercises.toml"

autograder.checks.__path__.append(str(HERE / "checks"))
