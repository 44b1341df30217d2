"""Trials below an answer go, helpers from other cells come; what is wrong stays wrong."""

from __future__ import annotations

import pytest

from autograder.submission import read_answers
from autograder.submission.needs import needs_of
from course.manifest import Manifest
from tests.submission.conftest import NotebookMaker
from tests.submission.notebooks import FORWARD, STUB, code

USES_HELPER = "def forward(im, t, alphas_cumprod):\n    return scaled(im, alphas_cumprod[t])\n"
HELPER = "def scaled(x, a):\n    return x * root(a)\n"
DEEPER = "def root(a):\n    return a ** 0.5\n"


def run(source: str | None) -> dict[str, object]:
    """Runs an answer as it is, without any prelude."""
    assert source is not None
    space: dict[str, object] = {}
    exec(compile(source, "answer", "exec"), space)
    return space


@pytest.mark.parametrize(
    "trial",
    [
        "plt.imshow(forward(test_im, 250, alphas_cumprod)[0])",
        "noisy = [forward(test_im, t, alphas) for t in (250, 500)]\nshow(noisy)",
        "for t in (250, 500):\n    plt.imshow(forward(test_im, t, a))",
        "test_im",
        "assert forward(\n    test_im,\n    3,\n    a,\n).shape == test_im.shape",
        "with torch_no_grad():\n    pass",
    ],
)
def test_trial_on_the_notebooks_own_values_is_left_out(
    notebook: NotebookMaker, manifest: Manifest, trial: str
) -> None:
    path = notebook(code(f"{FORWARD}\n{trial}\n", "a1_1_forward"))
    answers = read_answers(path, manifest, "part_a")
    source = answers.sources["a1_1_forward"]
    assert "forward" in run(source)
    assert (source or "").count("\n") == f"{FORWARD}\n{trial}\n".count("\n")
    (repair,) = answers.repairs
    assert repair.startswith(("a1_1_forward: line 4 left out: an", "a1_1_forward: lines 4, 5 left"))


@pytest.mark.parametrize(
    "kept",
    [
        "print('done', len([x for x in range(3)]))",
        "TABLE = {}\nTABLE.update(a=1)",
        "x = 1; print(unknown)",
        "forward = wrap(forward)",
        "from helpers import *\nshow(test_im)",
        "import matplotlib.pyplot as plt\nplt.figure()",
        "@unknown\ndef g():\n    pass",
        "out = F.mse_loss(torch.ones(1), torch.ones(1))",
    ],
)
def test_what_may_belong_to_the_answer_stays(
    notebook: NotebookMaker, manifest: Manifest, kept: str
) -> None:
    source = f"{FORWARD}\n{kept}\n"
    answers = read_answers(notebook(code(source, "a1_1_forward")), manifest, "part_a")
    assert answers.sources["a1_1_forward"] == source


@pytest.mark.parametrize("behind", [False, True])
def test_helpers_of_other_cells_come_along_with_their_own(
    notebook: NotebookMaker, manifest: Manifest, behind: bool
) -> None:
    helpers = [code(DEEPER), code(HELPER)]
    own = code(USES_HELPER, "a1_1_forward")
    cells = [own, *helpers] if behind else [*helpers, own]
    answers = read_answers(notebook(*cells), manifest, "part_a")
    space = run(answers.sources["a1_1_forward"])
    assert space["forward"](3, 0, [4])  # type: ignore[operator]
    first = "cell 3" if behind else "cell 2"
    assert answers.repairs[0] == f"a1_1_forward: takes scaled along from {first}"
    assert len(answers.repairs) == 2


def test_what_is_needed_at_once_comes_first(notebook: NotebookMaker, manifest: Manifest) -> None:
    decorated = "@double\ndef forward(im, t, a):\n    return im\n"
    helper = "def double(f):\n    return functools.wraps(f)(f)\n"
    cells = [code("import functools, os"), code(helper), code(decorated, "a1_1_forward")]
    answers = read_answers(notebook(*cells), manifest, "part_a")
    assert "forward" in run(answers.sources["a1_1_forward"])


@pytest.mark.parametrize(
    "elsewhere", ["alphas = 3", "def other(): pass", "", "for alphas in []: 1"]
)
def test_values_of_the_notebook_do_not_come_along(
    notebook: NotebookMaker, manifest: Manifest, elsewhere: str
) -> None:
    source = "def forward(im, t, alphas_cumprod):\n    return im * alphas\n"
    path = notebook(code(elsewhere), code(source, "a1_1_forward"))
    answers = read_answers(path, manifest, "part_a")
    assert answers.sources["a1_1_forward"] == source
    assert answers.repairs == ()


def test_other_exercises_do_not_come_along(notebook: NotebookMaker, manifest: Manifest) -> None:
    source = "def cfg_noise(u, c, s):\n    return forward(u, c, s)\n"
    loop = "def iterative_denoise_cfg():\n    return add_noise(3, 4)\n"
    cells = [code(FORWARD, "a1_1_forward"), code(source + loop, "a1_6_cfg")]
    answers = read_answers(notebook(*cells), manifest, "part_a")
    assert answers.sources["a1_6_cfg"] == source + loop


def test_stub_is_no_helper(notebook: NotebookMaker, manifest: Manifest) -> None:
    stub = STUB.replace("forward", "scaled")
    answers = read_answers(notebook(code(stub), code(USES_HELPER, "a1_1_forward")), manifest, "a")
    assert answers.sources["a1_1_forward"] == USES_HELPER


def test_helpers_that_need_each_other_end(notebook: NotebookMaker, manifest: Manifest) -> None:
    circle = "def scaled(x, a):\n    return root(a)\n\ndef root(a):\n    return scaled(a, a)\n"
    answers = read_answers(notebook(code(circle), code(USES_HELPER, "a1_1_forward")), manifest, "a")
    assert (answers.sources["a1_1_forward"] or "").count("def ") == 3


def test_needs_tell_now_from_later() -> None:
    needs = needs_of(
        "import os\nclass A(Base):\n    x = first\n    def f(self, y=default):\n"
        "        return [last for _ in y]\nB = [early for i in range(3)]\nf = lambda: late\n"
    )
    assert needs is not None
    assert needs.now == {"Base", "first", "default", "early"}
    assert needs.later == {"last", "late"}
    assert needs.bound == {"os", "A", "B", "f"}
    assert needs_of("def (") is None
