"""The `autograder` command and `python -m autograder`; says which packages it needs."""

from __future__ import annotations


def main() -> None:
    """Runs the command line."""
    try:
        from autograder.cli import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("autograder", "course"):
            raise  # a fault of our own
        raise SystemExit(
            f"autograder: the package {error.name} is missing: install the grader's packages, "
            "pip install 'diffusion-course[grade]'"
        ) from None
    run()


if __name__ == "__main__":
    main()
