"""The manifest is taken as described or refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.manifest import Limits, Manifest, ManifestError, SubmissionLimits, load_manifest
from tests.course.toy import MANIFEST

CONTRACT = [
    "a1_1_forward",
    "a1_2_classical",
    "a1_3_one_step",
    "a1_4_timesteps",
    "a1_4_iterative",
    "a1_5_sample",
    "a1_6_cfg",
    "a1_7_sdedit",
    "a1_7_2_inpaint",
    "a1_8_anagram",
    "a1_9_hybrid",
    "b1_1_blocks",
    "b1_1_unet",
    "b1_2_noise",
    "b1_2_train",
    "b2_1_time_unet",
    "b2_2_schedule",
    "b2_2_forward",
    "b2_3_sample",
    "b2_4_class_unet",
    "b2_4_forward",
    "b2_5_train",
    "b2_5_sample",
]


def load(tmp_path: Path, text: str) -> Manifest:
    path = tmp_path / "exercises.toml"
    path.write_text(text, encoding="utf-8")
    return load_manifest(path)


def test_coding_exercise(tmp_path: Path) -> None:
    """Points of a coding exercise are the sum of its checks."""
    exercise = load(tmp_path, MANIFEST).exercises["a1_double"]
    assert exercise.points == 3
    assert dict(exercise.checks) == {"shape": 1, "values": 2}
    assert exercise.sources == ("solutions.toy:double",)
    assert exercise.objects == ("double",)
    assert (exercise.manual, exercise.kind, exercise.rubric) == (False, None, ())
    assert exercise.limits == Limits(60, 15, 2048)
    assert exercise.line == 1


def test_manual_exercise(tmp_path: Path) -> None:
    """A hand-graded exercise has points, a rubric and a kind, and no checks."""
    exercise = load(tmp_path, MANIFEST).exercises["a1_words"]
    assert (exercise.points, exercise.kind, exercise.manual) == (2.5, "text", True)
    assert exercise.rubric == ("Says why.",)
    assert not exercise.checks
    assert exercise.line == 20


def test_order_and_parts(tmp_path: Path) -> None:
    """Exercises keep the order of the file."""
    manifest = load(tmp_path, MANIFEST)
    assert list(manifest.exercises) == ["a1_double", "a1_figure", "a1_words"]
    assert [e.id for e in manifest.of_part("a")] == list(manifest.exercises)
    assert manifest.of_part("b") == ()


def test_limits_override_defaults(tmp_path: Path) -> None:
    """A limit that is not given keeps its default."""
    text = MANIFEST.replace('hint = "Two', 'limits = { wall = 9.5, memory = 512 }\nhint = "Two')
    assert load(tmp_path, text).exercises["a1_double"].limits == Limits(9.5, 15, 512)


def test_every_limit_can_be_set(tmp_path: Path) -> None:
    """Of an exercise and of a whole notebook."""
    limits = "wall = 1, cpu = 2, memory = 3, processes = 4, descriptors = 5, file = 6, reply = 7"
    limits = f"limits = {{ {limits}, output = 8, vram = 9 }}"
    whole = "[submission]\nlimits = { wall = 20, cpu = 10.5 }\n"
    manifest = load(tmp_path, whole + MANIFEST.replace('hint = "Two', f'{limits}\nhint = "Two'))
    assert manifest.exercises["a1_double"].limits == Limits(1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert manifest.submission == SubmissionLimits(20, 10.5)
    assert list(manifest.exercises) == ["a1_double", "a1_figure", "a1_words"]
    assert load(tmp_path, MANIFEST).submission == SubmissionLimits(1800, 900)


# What is replaced, what stands there instead, and the line and words of the complaint.
REFUSED = {
    "unknown-key": ('hint = "Two', 'hnit = "x"\nhint = "Two', 7, "unknown key 'hnit'"),
    "key-of-other-sort": ('hint = "Two', 'rubric = ["x"]\nhint = "Two', 7, "unknown key 'rubric'"),
    "wrong-type": ('title = "Doubling"', "title = 3", 2, "title is of type int, not str"),
    "bool-for-number": ("points = 1\n", "points = true\n", 15, "points is of type bool"),
    "missing-key": ('title = "Doubling"\n', "", 1, "key 'title' is missing"),
    "empty-title": ('title = "Doubling"', 'title = " "', 2, "title is empty"),
    "unknown-part": (
        'part = "a"\nsection = "A 1"\nsource',
        'part = "c"\nsection = "A 1"\nsource',
        3,
        "part is 'c': one of a, b",
    ),
    "no-hint": ('hint = "Two times the number."\n', "", 1, "key 'hint' is missing"),
    "no-checks": ("checks = { shape = 1, values = 2 }\n", "", 1, "key 'checks' is missing"),
    "empty-checks": ("{ shape = 1, values = 2 }", "{}", 6, "at least one named check"),
    "zero-points-check": ("shape = 1", "shape = 0", 6, "checks.shape is 0: more than 0"),
    "text-points-check": ("shape = 1", 'shape = "1"', 6, "checks.shape is of type str"),
    "bad-check-name": ("shape = 1", "Shape-2 = 1", 6, "check name 'Shape-2'"),
    "negative-points": ("points = 1\n", "points = -1\n", 15, "points is -1: more than 0"),
    "infinite-points": ("points = 1\n", "points = inf\n", 15, "points is inf"),
    "no-rubric": ('rubric = ["Says why."]\n', "", 20, "key 'rubric' is missing"),
    "empty-rubric": ('["Says why."]', "[]", 26, "rubric is a list of at least one sentence"),
    "bad-kind": ('kind = "text"', 'kind = "poem"', 27, "kind is 'poem': one of figure, text"),
    "source-without-object": ('"solutions.toy:double"', '"solutions.toy"', 5, "not of the form"),
    "sources-of-two-modules": ('"solutions.toy:double"', '["s.a:b", "s.c:d"]', 5, "one module"),
    "source-twice": ('"solutions.toy:double"', '["s.a:b", "s.a:b"]', 5, "an object twice"),
    "capital-id": ("[a1_double]", "[A1_double]", 1, "an id has small letters"),
    "dotted-id": ("[a1_double]", '["a1.double"]', 1, "an id has small letters"),
    "reserved-id": ("[a1_double]", "[a1_double_check]", 1, "does not end in"),
    "duplicate-id": ("[a1_words]", "[a1_double]", 20, "duplicate id 'a1_double': first used in"),
    "unknown-limit": ('hint = "Two', 'limits = { gpu = 1 }\nhint = "Two', 7, "unknown limit 'gpu'"),
    "half-a-process": (
        'hint = "Two',
        'limits = { processes = 1.5 }\nhint = "Two',
        7,
        "limits.processes is 1.5: a whole number",
    ),
    "unknown-limit-of-a-notebook": (
        "[a1_double]",
        "[submission]\nlimits = { vram = 1 }\n[a1_double]",
        2,
        "unknown limit 'vram': one of wall, cpu",
    ),
    "unknown-key-of-a-notebook": (
        "[a1_double]",
        "[submission]\nwall = 1\n[a1_double]",
        2,
        "unknown key 'wall'",
    ),
    "negative-limit": ('hint = "Two', 'limits = { cpu = -1 }\nhint = "Two', 7, "limits.cpu is -1"),
    "not-toml": ('title = "Doubling"', "title = Doubling", 2, "not valid TOML"),
    "not-a-table": ("[a1_double]", "a0 = 1\n[a1_double]", 1, "'a0' is not a table"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    """Each fault is named with file and line."""
    assert MANIFEST.count(old) == 1
    with pytest.raises(ManifestError) as caught:
        load(tmp_path, MANIFEST.replace(old, new))
    assert str(caught.value).startswith(f"exercises.toml:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe[a]"], ids=["empty", "not-utf-8"])
def test_unreadable(tmp_path: Path, content: bytes) -> None:
    """An empty or binary file is refused as well."""
    path = tmp_path / "exercises.toml"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=r"^exercises\.toml:1: "):
        load_manifest(path)


def test_missing_file(tmp_path: Path) -> None:
    """A missing manifest is one clear line."""
    with pytest.raises(ManifestError, match=r"^exercises\.toml:1: cannot be read"):
        load_manifest(tmp_path / "exercises.toml")


def test_course_has_every_exercise_of_the_contract() -> None:
    """The course's manifest has exactly the contract's coding exercises, in its order."""
    coding = [e.id for e in load_manifest().exercises.values() if not e.manual]
    assert coding == CONTRACT


@pytest.mark.parametrize("part", ["a", "b"])
def test_course_points(part: str) -> None:
    """Each part has 100 points, and checks give about 70 of them."""
    exercises = load_manifest().of_part(part)
    assert sum(e.points for e in exercises) == 100
    assert 65 <= sum(e.points for e in exercises if not e.manual) <= 75
