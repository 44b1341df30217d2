"""Saved behaviours of known mistakes are those that the mistakes have now."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import typer

from autograder import behaviours
from autograder.behaviours import COMMAND, PATH, is_fresh, saved, stale, write
from autograder.diagnosis import RTOL, known_mistakes, run_mistakes, same
from autograder.fingerprints import _meaning, file_digests
from course.manifest import Exercise, load_manifest

EXERCISES = {e.id: e for e in load_manifest().exercises.values() if not e.manual}
QUICK = ("a1_2_classical", "a1_4_timesteps", "a1_6_cfg", "b1_2_noise", "b2_2_schedule")


@pytest.fixture
def forward() -> Exercise:
    return EXERCISES["a1_1_forward"]


def entry_of(exercise: Exercise) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(gzip.decompress(PATH.read_bytes()))["exercises"][exercise.id]
    return entry


def test_every_exercise_has_fresh_behaviours() -> None:
    """Which entries are stale? Run the command, and commit the file, to mend them."""
    assert not stale(), f"stale: {', '.join(stale())}; run `{COMMAND}` and commit {PATH.name}"


@pytest.mark.parametrize("name", QUICK)
def test_saved_behaviours_are_those_of_a_run(name: str) -> None:
    """Do the saved values agree with the mistakes run here, on this processor?"""
    kept = saved(EXERCISES[name])
    assert kept is not None
    fresh = {known.mistake.slug: known.behaviour for known in run_mistakes(EXERCISES[name])}
    assert list(kept) == list(fresh)
    different = [slug for slug, behaviour in fresh.items() if not same(kept[slug], behaviour)]
    assert not different


def test_saved_behaviours_are_used(forward: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.diagnosis.run_mistakes", lambda _: pytest.fail("it ran"))
    known_mistakes.cache_clear()
    assert len(known_mistakes(forward.id)) >= 4


def test_without_the_file_the_mistakes_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = known_mistakes("a1_4_timesteps")
    monkeypatch.setattr(
        "autograder.diagnosis.saved", lambda exercise: saved(exercise, tmp_path / "none")
    )
    known_mistakes.cache_clear()
    fresh = known_mistakes("a1_4_timesteps")
    known_mistakes.cache_clear()
    assert [k.mistake for k in fresh] == [k.mistake for k in kept]


@pytest.mark.parametrize(
    "data",
    [b"", b"no gzip", gzip.compress(b"[1]"), gzip.compress(b"{")],
    # Compressed bytes hold the time: as names of tests they would differ between processes.
    ids=["empty", "no-gzip", "a-list", "no-json"],
)
def test_a_spoiled_file_is_as_none(tmp_path: Path, forward: Exercise, data: bytes) -> None:
    path = tmp_path / "spoiled"
    path.write_bytes(data)
    assert saved(forward, path) is None


def test_an_entry_is_fresh_while_its_files_mean_the_same(forward: Exercise) -> None:
    """A comment changes bytes and not the meaning; another meaning makes an entry stale."""
    entry = entry_of(forward)
    path = next(iter(file_digests(forward)))
    other = {**entry["files"], path: "other"}
    assert is_fresh(forward, entry)
    assert is_fresh(forward, {**entry, "files": other})
    assert not is_fresh(forward, {**entry, "files": other, "meaning": "other"})
    assert not is_fresh(forward, {**entry, "sources": [], "meaning": "other"})


def test_what_an_entry_depends_on(forward: Exercise) -> None:
    """Solution, mistakes, checks, oracles, what is served and found in place; no variants."""
    files = set(file_digests(EXERCISES["b2_3_sample"]))
    assert {
        "autograder/checks/b2_3_sample.py",
        "autograder/mistakes/b2_3_sample.py",
        "autograder/oracles/reverse.py",
        "autograder/served/module.py",
        "autograder/worker/prelude.py",
        "solutions/ddpm.py",
    } <= files
    assert not any("variants" in path or "grading" in path for path in files)


def test_words_and_checks_do_not_matter_to_a_probe() -> None:
    text = '"""One."""\nX = 1  # why\ndef test_a(s):\n    pass\ndef probe(s):\n    """Two."""\n'
    assert _meaning(text) == _meaning("X = 1\n\n\ndef probe(s):\n    'Three.'\n")
    assert _meaning(text) != _meaning(text.replace("X = 1", "X = 2"))


def test_where_torch_draws_other_numbers_nothing_is_used(tmp_path: Path, forward: Exercise) -> None:
    whole = json.loads(gzip.decompress(PATH.read_bytes()))
    near, far = tmp_path / "near", tmp_path / "far"
    for path, off in ((near, RTOL / 100), (far, 0.1)):
        canary = [value + off for value in whole["canary"]]
        path.write_bytes(gzip.compress(json.dumps({**whole, "canary": canary}).encode()))
    assert saved(forward, near) is not None
    assert saved(forward, far) is None


def test_the_file_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        write(["a1_4_timesteps", "b2_2_schedule"], path)
    assert first.read_bytes() == second.read_bytes()
    assert saved(EXERCISES["b2_2_schedule"], first) is not None
    assert saved(EXERCISES["a1_6_cfg"], first) is None


def test_the_command_names_what_is_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(behaviours, "stale", lambda: ["a1_6_cfg"])
    with pytest.raises(typer.Exit) as left:
        behaviours.main(check=True)
    assert left.value.exit_code == 1
    told = capsys.readouterr().err
    assert "a1_6_cfg" in told
    assert COMMAND in told


def test_the_command_refuses_an_unknown_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        behaviours.main(["a1_6_cfq"])
    assert "a1_6_cfq" in capsys.readouterr().err
