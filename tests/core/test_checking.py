"""Checks fail closed: only a check that returned gives its points."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
import torch

from autograder.checking import (
    CheckFailureError,
    CheckOutcome,
    as_number,
    as_tensor,
    check_module,
    close,
    expect,
    run_check,
    run_checks,
)
from autograder.diagnosis import (
    Behaviour,
    _condensed,
    attempt,
    behaviour,
    known_mistakes,
    same,
)
from autograder.failures import HostFailureError
from autograder.grading.exercise import grade_exercise
from autograder.sandbox import ForkServerError
from autograder.subject import LocalSubject, StudentError, Subject
from course.manifest import load_manifest

CHECKS = """
import pytest
from autograder.checking import expect
from autograder.subject import StudentError
STANDINS = "def twice(x):\\n    return 2 * x"
def test_right(student):
    expect(student.call("f", 2) == 4, "f(2) must be 4.")
def test_wrong(student):
    expect(student.call("f", 2) == 5, "f(2) must be 5.")
def test_broken(student):
    student.call("f", 2)["key"]
def test_skipping(student):
    pytest.skip("not today")
def test_asserting(student):
    assert student.call("f", 2) == 5
def test_dead(student):
    raise StudentError("timeout", "Timeout", "no answer within 3 seconds")
def test_raising(student):
    student.call("f", "a")
"""
ANSWER = "def f(x):\n    return twice(x) if isinstance(x, int) else x / 2\n"


@pytest.fixture
def module() -> ModuleType:
    made = ModuleType("checks")
    exec(CHECKS, made.__dict__)
    return made


def outcomes(module: ModuleType, *names: str, source: str = ANSWER) -> list[CheckOutcome]:
    return run_checks(module, LocalSubject(), source, dict.fromkeys(names, 1.0))


def test_each_check_reports_once_in_the_manifests_order(module: ModuleType) -> None:
    found = outcomes(module, "wrong", "right", "raising")
    assert [(o.name, o.passed, o.kind) for o in found] == [
        ("wrong", False, "failed"),
        ("right", True, "passed"),
        ("raising", False, "raised"),
    ]
    assert [o.message for o in found] == [
        "f(2) must be 5.",
        "",
        "Your code raised TypeError at line 2 of your answer.",
    ]


def test_a_check_that_does_not_exist_is_no_point(module: ModuleType) -> None:
    (found,) = outcomes(module, "nowhere")
    assert (found.passed, found.kind) == (False, "check-error")
    assert "instructor" in found.message


@pytest.mark.parametrize("name", ["broken", "asserting", "skipping"])
def test_a_check_that_breaks_is_no_point(module: ModuleType, name: str) -> None:
    (found,) = outcomes(module, name)
    assert (found.passed, found.kind) == (False, "check-error")


def test_what_a_broken_check_says_to_students_is_only_its_kind(module: ModuleType) -> None:
    class Remote(Subject):
        def call(self, *_: object, **__: object) -> None:
            raise ValueError("the hidden input is 0.123")

    outcome, fatal = run_check(module.test_right, "right", Remote())
    assert fatal is None
    assert not outcome.passed
    assert "ValueError" in outcome.message
    assert "0.123" not in outcome.message


def test_after_a_fatal_error_no_check_gives_a_point(module: ModuleType) -> None:
    found = outcomes(module, "right", "dead", "right2", "wrong")
    assert [o.passed for o in found] == [True, False, False, False]
    assert {o.kind for o in found[1:]} == {"timeout"}


@pytest.mark.parametrize(
    ("source", "kind"),
    [("def f(", "syntax"), ("1 / 0", "raised"), ("raise NotImplementedError", "not_implemented")],
)
def test_an_answer_that_cannot_be_defined_fails_every_check(
    module: ModuleType, source: str, kind: str
) -> None:
    found = outcomes(module, "right", "wrong", source=source)
    assert [(o.passed, o.kind) for o in found] == [(False, kind)] * 2


def test_a_failure_of_the_host_is_no_failed_check(module: ModuleType) -> None:
    class Gone(Subject):
        def _exchange(self, request: dict[str, object]) -> object:
            raise ForkServerError("the fork server is gone")

    assert issubclass(ForkServerError, HostFailureError)
    with pytest.raises(ForkServerError):
        run_checks(module, Gone(), ANSWER, {"right": 1.0})
    with pytest.raises(ForkServerError):
        behaviour("a1_1_forward", Gone())


@pytest.mark.parametrize("condition", [False, torch.tensor(False), np.bool_(False), 0])
def test_expect_fails_with_its_message(condition: bool) -> None:
    with pytest.raises(CheckFailureError, match="because"):
        expect(condition, "because")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "must be a tensor, not str"),
        (None, "must be a tensor, not NoneType"),
        ([[1.0], [1.0, 2.0]], "must be a tensor, not list"),
        (torch.zeros(3), r"shape \(2,\), not \(3,\)"),
        (torch.zeros(2, dtype=torch.float64), "must be of torch.float32"),
        (torch.zeros(2, dtype=torch.int64), "must be of torch.float32"),
        (torch.tensor([0.0, torch.nan]), "not finite"),
        (torch.tensor([0.0, -torch.inf]), "not finite"),
    ],
)
def test_tensors_must_have_shape_dtype_and_finite_values(value: object, message: str) -> None:
    with pytest.raises(CheckFailureError, match=message):
        as_tensor(value, (2,), "the result")


def test_tensors_of_any_floating_dtype_can_be_allowed() -> None:
    half = as_tensor(torch.ones(2, dtype=torch.float16), (2,), "x", dtype=None)
    assert half.dtype == torch.float32
    assert as_tensor(np.ones(2), None, "x", dtype=None).dtype == torch.float64
    with pytest.raises(CheckFailureError, match="floating"):
        as_tensor(torch.ones(2, dtype=torch.int64), (2,), "x", dtype=None)


@pytest.mark.parametrize("value", [2, 2.0, torch.tensor(2.0), torch.tensor([[2.0]]), np.array(2.0)])
def test_numbers_come_in_many_forms(value: object) -> None:
    assert as_number(value, "the loss") == 2.0


@pytest.mark.parametrize("value", [True, None, "2", torch.ones(2), float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(CheckFailureError):
        as_number(value, "the loss")


def test_close_needs_equal_shapes() -> None:
    assert close(torch.ones(2), torch.ones(2) + 1e-6)
    assert not close(torch.ones(2), torch.ones(2, 1))
    assert not close(torch.ones(2), torch.tensor([1.0, torch.nan]))


def test_attempts_of_a_probe_keep_what_went_wrong() -> None:
    def fail(kind: str) -> None:
        raise StudentError(kind, "ValueError", "x")

    assert attempt(fail, "raised") == "raised:ValueError"
    assert attempt(lambda: object()) == "a object"
    assert attempt(lambda: [1.0, 2.0]) is not None
    with pytest.raises(StudentError):
        attempt(fail, "timeout")


def test_an_answer_without_a_probe_is_judged_by_its_checks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Does a wrong answer to an exercise that has no probe get a result, without a name for it?"""
    monkeypatch.delattr(check_module("a1_1_forward"), "probe")
    exercise = load_manifest().exercises["a1_1_forward"]
    monkeypatch.setattr("autograder.grading.exercise.RemoteSubject", lambda *_: LocalSubject())
    wrong = "def forward(im, t, alphas_cumprod):\n    return im\n"
    result = grade_exercise(object(), exercise, wrong)  # type: ignore[arg-type]
    assert result.status == "failed"
    assert result.diagnosis is None
    assert result.message


def test_an_exercise_of_another_manifest_has_no_known_mistakes() -> None:
    assert known_mistakes("x1_of_another_course") == ()


def test_a_large_tensor_is_told_apart_by_a_part_of_its_values() -> None:
    """Shape, moments and spread values are kept: what differs all over is seen, and so is shape."""
    value = torch.arange(6000.0).reshape(60, 100)
    kept = _condensed(value)
    assert isinstance(kept, torch.Tensor)
    assert kept.numel() < 100
    for other in (value + 10, value.flip(0), value.reshape(100, 60)):
        assert not same({"x": kept}, {"x": _condensed(other)})
    assert same({"x": kept}, {"x": _condensed(value.double())})


def test_behaviours_are_the_same_within_the_tolerance() -> None:
    here: Behaviour = {"a": torch.ones(2), "b": 1.0, "c": "raised:ValueError"}
    assert same(here, {**here, "a": torch.ones(2) + 1e-4})
    assert not same(here, {**here, "a": torch.ones(2) + 0.1})
    assert not same(here, {**here, "c": 1.0})
    assert not same(here, {"a": torch.ones(2)})
