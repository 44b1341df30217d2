"""`python -m course.reproduce`: as `course reproduce`, where typer is not installed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .presets import PRESETS
from .run import ReproduceError, reproduce


def main() -> int:
    """Runs the stages and prints the numbers as JSON; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="quick")
    parser.add_argument("--device", choices=("cpu", "cuda"))
    parser.add_argument("--work", type=Path, default=Path("reproduce"))
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    try:
        found = reproduce(arguments.preset, arguments.device, arguments.work, arguments.data)
    except ReproduceError as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found.numbers, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
