"""An exercise to add, `a1_9_mirror`: what an author writes into the gaps of `course new`."""

from __future__ import annotations

from pathlib import Path

from course.build.layout import UNFILLED

ID = "a1_9_mirror"
RIGHT = "x.flip(-1)"
WRONG = {
    "as-it-was": "x",
    "upside-down": "x.flip(-2)",
    "turned-by-half": "x.flip(-1, -2)",
    "channels-mirrored": "x.flip(1)",
}
STYLES = {
    "torch-flip": "torch.flip(x, dims=[-1])",
    "by-numpy": "torch.from_numpy(np.ascontiguousarray(np.flip(x.numpy(), -1)))",
    "by-index": "x[..., torch.arange(x.shape[-1] - 1, -1, -1)]",
}

# Texts of the templates and what is written there, in order; each is replaced once.
GAPS: dict[str, list[tuple[str, str]]] = {
    "solutions/illusions.py": [(f"return x  # {UNFILLED}", f"return {RIGHT}")],
    f"autograder/checks/{ID}.py": [(f"wanted = x  # {UNFILLED}", f"wanted = {RIGHT}")],
    f"course/kit/checks/{ID}.py": [
        (f"torch.ones(1, 3, 8, 8)  # {UNFILLED}", "torch.rand(1, 3, 8, 8)"),
        (f"wanted = x  # {UNFILLED}", f"wanted = {RIGHT}"),
    ],
    f"autograder/mistakes/{ID}.py": [
        change
        for number, (slug, wrong) in enumerate(WRONG.items(), 1)
        for change in (
            (f"{UNFILLED} {number}: a-slug", slug),
            (f"{UNFILLED}: text of the solution", f"return {RIGHT}"),
            (f"{UNFILLED}: what stands there instead", f"return {wrong}"),
        )
    ],
    f"autograder/variants/{ID}.py": [
        change
        for number, (slug, right) in enumerate(STYLES.items(), 1)
        for change in (
            (f"{UNFILLED} {number}: a-slug", slug),
            (f"return x  # {UNFILLED}", f"return {right}"),
        )
    ],
    "course/exercises.toml": [],
    "course/part_a.py": [],
}


def fill(root: Path) -> None:
    """Writes the exercise into the gaps, and some words wherever words are asked for."""
    for name, changes in GAPS.items():
        path = root / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{name}: {old}"
            text = text.replace(old, new, 1)
        path.write_text(text.replace(UNFILLED, "Mirrored"), encoding="utf-8")
