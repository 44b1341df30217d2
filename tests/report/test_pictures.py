"""Pictures of wrong answers: they show the mistake, are kept, and stay out of students' pages."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from autograder.bank import answer_source, mistakes, solution_source
from autograder.checking import check_module, prepare
from autograder.portraits import encode, portrait
from autograder.portraits.drawings import STROKES, digit, house, sun
from autograder.portraits.render import alike
from autograder.portraits.taking import DRAWS, solution
from autograder.report import pictures, write_report
from autograder.results import ExerciseResult, SubmissionResult
from autograder.subject import LocalSubject
from course.manifest import load_manifest

# Mistakes whose picture a person can tell from the right one.
VISIBLE = {
    "a1_1_forward": "picture-unscaled",
    "a1_2_classical": "nothing-done",
    "a1_3_one_step": "not-divided",
    "a1_4_iterative": "single-step-alpha",
    "a1_6_cfg": "combination-swapped",
    "a1_7_sdedit": "pure-noise-start",
    "a1_7_2_inpaint": "mask-inverted",
    "a1_8_anagram": "mirrored-left-right",
    "a1_9_hybrid": "roles-swapped",
    "b1_2_noise": "variance-as-deviation",
    "b2_5_sample": "no-guidance",
}


def defined(exercise_id: str, source: str) -> LocalSubject:
    student = LocalSubject()
    prepare(check_module(exercise_id), student, source)
    return student


@pytest.mark.parametrize("exercise_id", DRAWS)
def test_solution_has_nothing_to_show(exercise_id: str) -> None:
    drawn = solution(exercise_id)
    assert drawn is not None
    assert torch.isfinite(drawn).all()
    source = solution_source(load_manifest().exercises[exercise_id])
    assert portrait(exercise_id, defined(exercise_id, source)) == b""


@pytest.mark.parametrize(("exercise_id", "slug"), VISIBLE.items())
def test_mistake_shows(exercise_id: str, slug: str) -> None:
    exercise = load_manifest().exercises[exercise_id]
    mistake = next(m for m in mistakes(exercise_id) if m.slug == slug)
    file = portrait(exercise_id, defined(exercise_id, answer_source(exercise, mistake)))
    with Image.open(io.BytesIO(file)) as image:
        assert image.format == "WEBP"
        width = image.width
        left, right = (
            image.crop((0, 0, width // 2 - 4, 60)),
            image.crop((width // 2 + 4, 0, width, 60)),
        )
    assert left.tobytes() != right.tobytes()
    assert 200 < len(file) < 20_000


def test_solution_ends_in_the_drawing() -> None:
    drawn = solution("a1_4_iterative")
    assert drawn is not None
    assert float((drawn - house()).abs().mean()) < 0.05


def test_answer_that_fails_or_draws_nothing_has_no_picture() -> None:
    raises = "def forward(im, t, alphas_cumprod):\n    raise ValueError\n"
    assert portrait("a1_1_forward", defined("a1_1_forward", raises)) == b""
    numbers = "def forward(im, t, alphas_cumprod):\n    return 3.0\n"
    assert portrait("a1_1_forward", defined("a1_1_forward", numbers)) == b""
    assert (
        portrait("b2_2_schedule", defined("b2_2_schedule", "def ddpm_schedule(*a): return {}"))
        == b""
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_values_out_of_all_bounds_are_drawn(value: float) -> None:
    got = torch.full((1, 3, 64, 64), value)
    assert not alike(got, house())
    assert encode(got, house())


def test_other_sizes_and_batches_are_drawn() -> None:
    for got in (torch.zeros(7, 1, 28, 28), torch.zeros(1, 3, 9, 200)):
        with Image.open(io.BytesIO(encode(got, house()))) as image:
            assert image.width > 64
    assert encode(torch.zeros(1, 1, 28, 28), None)


def test_drawings_differ_and_keep_their_range() -> None:
    for picture, low in ((house(), -1), (sun(), -1), *((digit(n), 0) for n in STROKES)):
        assert low <= float(picture.min()) < float(picture.max()) <= 1
    assert not alike(house(), sun())


def result(picture: bytes, student: str = "ada") -> SubmissionResult:
    answer = ExerciseResult("a1_1_forward", 0, 5, "failed", None, "wrong", (), picture)
    return SubmissionResult(student, "part_a", 0, 5, "strict", 1.0, (answer,))


def test_picture_is_kept_and_goes_with_its_reason(tmp_path: Path) -> None:
    path = pictures.picture_file(tmp_path, "ada", "part_a", "a1_1_forward")
    pictures.keep_pictures(tmp_path, result(b"RIFF"))
    assert path.read_bytes() == b"RIFF"
    pictures.keep_pictures(tmp_path, result(b""))
    assert not path.exists()


def test_hostile_names_stay_below_the_folder(tmp_path: Path) -> None:
    for student in ("../../ada", "a/b", "con", "x" * 300):
        pictures.keep_pictures(tmp_path, result(b"RIFF", student))
    assert len(list((tmp_path / "pictures").rglob("*.webp"))) == 4


def test_report_embeds_pictures_and_feedback_does_not(tmp_path: Path) -> None:
    file = encode(sun(), house())
    # Read back from results.jsonl, a result holds no picture: the folder has it.
    known = replace(result(file), exercises=(replace(result(b"").exercises[0]),))
    pictures.keep_pictures(tmp_path, result(file))
    page = write_report(tmp_path, [known])
    assert "data:image/webp;base64," in page.read_text("utf-8")
    feedback = "".join(p.read_text("utf-8") for p in (tmp_path / "feedback").iterdir())
    assert "image/webp" not in feedback
    assert "pictures/" not in feedback


def test_large_classes_get_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "EMBEDDED", 5)
    results = [result(content, str(n)) for n, content in enumerate((b"1234", b"1234", b"5678"))]
    for one in results:
        pictures.keep_pictures(tmp_path, one)
    found = list(pictures.addresses(tmp_path, results).values())
    assert found[0] == found[1]
    assert found[0].startswith("data:")
    assert (tmp_path / found[2]).read_bytes() == b"5678"
