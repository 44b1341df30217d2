"""What a check sees of an answer: values, errors by kind and line, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.failures import TOLD_BY_WORKER
from autograder.subject import LocalSubject, StudentError, Subject
from autograder.worker.wire import Decoder, Encoder
from tests.core.support import answer, failure

SECRET = "the expected value is 0.123"


def test_define_says_which_names_an_answer_has() -> None:
    student = LocalSubject()
    names = student.define("import os\nHALF = 0.5\ndef f(x):\n    return HALF * x\n")
    assert names == ["HALF", "f", "os"]
    assert student.call("f", 3.0) == 1.5


def test_answers_have_the_notebooks_prelude_and_the_stand_ins() -> None:
    source = "def f(x):\n    return TF.hflip(F.relu(torch.tensor(np.full((1, 2), twice(x)))))"
    student = answer(source, prelude="def twice(x):\n    return 2 * x")
    assert torch.equal(student.call("f", 1.5), torch.full((1, 2), 3.0).double())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x", torch.tensor([1.0, 2.0])),
        ("return x.numpy()", np.array([1.0, 2.0], dtype=np.float32)),
        ("return x.tolist()", [1.0, 2.0]),
        ("return (x.sum().item(), None)", (3.0, None)),
        ("return range(3)", [0, 1, 2]),
        ("return (i for i in range(3))", [0, 1, 2]),
        ("return x.shape", (2,)),
        ("return x.dtype", "torch.float32"),
        ("return np.float64(1.5)", np.array(1.5)),
        ("return {'a': x}", {"a": torch.tensor([1.0, 2.0])}),
    ],
)
def test_results_come_back_as_plain_data(body: str, expected: Any) -> None:
    result = answer(f"def f(x):\n    {body}").call("f", torch.tensor([1.0, 2.0]))
    assert Encoder().dumps(result) == Encoder().dumps(expected) or result == expected


def test_the_answer_cannot_change_what_the_check_holds() -> None:
    x = torch.zeros(3)
    result, after = answer("def f(x):\n    x += 1\n    return x").call_echo("f", x)
    assert torch.equal(x, torch.zeros(3))
    assert torch.equal(after[0], torch.ones(3))
    assert torch.equal(result, torch.ones(3))


def test_seeds_are_set_for_python_numpy_and_torch() -> None:
    source = """
        import random
        def f():
            return [random.random(), np.random.rand(), torch.rand(1).item()]
    """
    student = answer(source)
    before = torch.random.get_rng_state()
    first, again, other = (student.call("f", seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("source", "kind", "type_", "line"),
    [
        ("def f():\n    return 1 / 0", "raised", "ZeroDivisionError", 2),
        ("def f():\n    return g()\ndef g():\n    return [][1]", "raised", "IndexError", 4),
        ("def f():\n    raise SystemExit(0)", "raised", "SystemExit", 2),
        ("def f():\n    raise KeyboardInterrupt", "raised", "KeyboardInterrupt", 2),
        ("class Odd(Exception): ...\ndef f():\n    raise Odd('x')", "raised", "Odd", 3),
        ("def f():\n    return f()", "raised", "RecursionError", 2),
        ("def f():\n    return f.missing", "raised", "AttributeError", 2),
        ("def f():\n    raise NotImplementedError('a1')", "not_implemented", None, 2),
        ("def g():\n    pass", "not_implemented", None, None),
        ("def f():\n    raise MemoryError", "memory", "MemoryError", 2),
        ("def f():\n    return torch.empty(2**50)", "memory", "RuntimeError", 2),
        ("def f():\n    return object()", "unsendable", "TypeError", None),
        ("def f():\n    return np.array(['a'])", "unsendable", "TypeError", None),
        ("def f():\n    return torch.zeros(1, dtype=torch.cfloat)", "unsendable", None, None),
        ("def f():\n    return eval('1 +')", "syntax", "SyntaxError", 2),
    ],
)
def test_failures_have_a_kind_a_type_and_a_line(
    source: str, kind: str, type_: str | None, line: int | None
) -> None:
    error = failure(source)
    assert error.kind == kind
    assert type_ in (None, error.type)
    assert error.line == line
    assert not error.fatal


def test_an_answer_that_is_no_python_says_where() -> None:
    with pytest.raises(StudentError) as caught:
        answer("x = 1\ndef f(:\n    pass")
    assert caught.value.kind == "syntax"
    assert caught.value.told == "Your answer is not valid Python at line 2 of your answer."


@pytest.mark.parametrize(
    "source",
    [
        "class Odd(Exception):\n    def __str__(self):\n        raise self\n"
        "def f():\n    raise Odd",
        "class Odd(Exception):\n    __str__ = lambda self: 3\ndef f():\n    raise Odd",
        "class M(type):\n    __name__ = property(lambda c: 1 / 0)\ndef f():\n"
        "    class Odd(Exception, metaclass=M): ...\n    raise Odd",
    ],
)
def test_exceptions_that_fail_to_speak_are_answers_too(source: str) -> None:
    assert failure(source).kind == "raised"


@pytest.mark.parametrize(
    "source",
    [
        f"def f():\n    raise ValueError({SECRET!r})",
        f"def f():\n    raise NotImplementedError({SECRET!r})",
        f"def f():\n    raise MemoryError({SECRET!r})",
        f"def f():\n    raise SyntaxError({SECRET!r})",
        f"def f():\n    raise type({SECRET!r}, (Exception,), {{}})",
        f"def f():\n    return type({SECRET!r}, (), {{}})()",
        f"def f():\n    raise type('ValueError', (Exception,), {{}})({SECRET!r})",
    ],
)
def test_the_student_is_told_nothing_that_the_answer_chose(source: str) -> None:
    told = failure(source).told
    assert "0.123" not in told
    assert told.endswith(".")


class Forger(Subject):
    """A worker whose every answer is what a student's process made up."""

    def __init__(self, forged: Any) -> None:
        super().__init__()
        self.forged = forged

    def _exchange(self, request: dict[str, Any]) -> Any:
        return Decoder().loads(*Encoder().dumps(self.forged))


@pytest.mark.parametrize(
    "forged",
    [
        None,
        3,
        [],
        {},
        {"ok": 1, "error": None},
        {"error": "x"},
        {"error": {"kind": "raised"}},
        {"error": {"kind": "passed", "type": "x", "message": SECRET}},
        {"error": {"kind": "timeout", "type": "x", "message": SECRET}},
        {"error": {"kind": SECRET, "type": SECRET, "message": SECRET, "line": 1}},
        {"error": {"kind": ["raised"], "type": 1, "message": 2}},
        {"error": {"kind": {"a": 1}, "type": 1, "message": 2}},
    ],
)
def test_forged_answers_are_protocol_errors(forged: Any) -> None:
    with pytest.raises(StudentError) as caught:
        Forger(forged).call("f")
    assert caught.value.kind == "protocol"
    assert caught.value.fatal
    assert "0.123" not in caught.value.told


@pytest.mark.parametrize("line", [-1, 0, 10**9, "7", 1.0, True, None])
def test_forged_line_numbers_are_dropped(line: Any) -> None:
    error = {"kind": "raised", "type": "ValueError", "message": "", "line": line}
    student = Forger({"error": error})
    student.lines = 20
    with pytest.raises(StudentError) as caught:
        student.call("f")
    assert caught.value.line is None


def test_only_the_trusted_side_says_timeout_killed_and_protocol() -> None:
    assert not {"timeout", "killed", "protocol", "passed", "failed"} & set(TOLD_BY_WORKER)


def test_modules_stay_in_the_worker_and_answer() -> None:
    student = answer(
        """
        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.layer = nn.Linear(2, width)
                self.drop = nn.Dropout(0.5)
            def forward(self, x):
                return self.drop(self.layer(x))
        def width(net):
            return net.layer.out_features
        """
    )
    net = student.new("Net", 3, seed=0).eval()
    state, names = net.state()
    assert names == ["layer.weight", "layer.bias"]
    assert net.num_parameters() == 9
    assert student.call("width", net) == 3
    x = torch.randn(4, 2)
    expected = torch.nn.functional.linear(x, state["layer.weight"], state["layer.bias"])
    assert torch.allclose(net(x), expected)
    cotangent = torch.randn(4, 3)
    gradients = net.gradients([x], cotangent)
    torch.testing.assert_close(gradients["layer.weight"], cotangent.T @ x)
    net.load({name: torch.zeros_like(value) for name, value in state.items()})
    assert torch.equal(net(x), torch.zeros(4, 3))
    assert not torch.equal(net.train()(torch.ones(4, 2)), torch.ones(4, 3))


def test_what_is_no_module_is_refused() -> None:
    student = answer("def Net():\n    return 3")
    with pytest.raises(StudentError) as caught:
        student.new("Net")
    assert caught.value.kind == "raised"


def test_served_functions_are_called_on_the_trusted_side() -> None:
    seen = []

    def double(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return 2 * x

    student = answer("def f(x):\n    return double(x) + 1")
    student.serve(double=double)
    assert torch.equal(student.call("f", torch.ones(2)), torch.full((2,), 3.0))
    assert torch.equal(seen[0], torch.ones(2))


@pytest.mark.parametrize("call", ["double()", "double(1, 2)", "double('a')", "double(object())"])
def test_wrong_calls_of_served_functions_fail_in_the_answer(call: str) -> None:
    student = answer(f"def f():\n    return {call}")
    student.serve(double=lambda x: {1: 2}[x])
    with pytest.raises(StudentError) as caught:
        student.call("f")
    assert not caught.value.fatal


@pytest.mark.parametrize(
    "callback", [None, [], [1, "call", [], {}], [[], "call", [], {}], "abcd", [1, 2, 3, 4]]
)
def test_forged_callbacks_are_refused(callback: Any) -> None:
    assert set(LocalSubject().answer(callback)) == {"refused"}
