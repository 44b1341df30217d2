"""The `course` command and `python -m course`; says which packages are to be installed for it."""

from __future__ import annotations


def main() -> None:
    """Runs the command line."""
    try:
        from course.cli import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("autograder", "course"):
            raise  # a fault of our own
        raise SystemExit(
            f"course: the package {error.name} is missing: install the author's packages, "
            "pip install 'diffusion-course[author]'"
        ) from None
    run()


if __name__ == "__main__":
    main()
