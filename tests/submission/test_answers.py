"""From cells to answers: by id, by names, put together again, and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.submission import read_answers
from course.manifest import Manifest
from tests.submission.conftest import NotebookMaker
from tests.submission.notebooks import (
    CFG_LOOP,
    CFG_NOISE,
    CFG_STUBS,
    FORWARD,
    STUB,
    code,
    markdown,
    with_picture,
)

HELPER = "def half(x):\n    return x / 2\n"
BETTER = FORWARD.replace("sqrt()", "pow(0.5)")
CHECK = 'kit.check("a1_1_forward", forward)'


def source_of(path: Path, manifest: Manifest, exercise: str = "a1_1_forward") -> str:
    """Gives the answer's source and sees that it runs as Python and defines its objects."""
    source = read_answers(path, manifest, "part_a").sources[exercise]
    assert source is not None
    space: dict[str, object] = {}
    exec(compile(source, "answer", "exec"), space)
    assert set(manifest.exercises[exercise].objects) <= set(space)
    return source


def test_answer_is_found_by_its_id(notebook: NotebookMaker, manifest: Manifest) -> None:
    path = notebook(
        markdown("# Forward"),
        code(FORWARD, "a1_1_forward", solution=True),
        code(CHECK, "a1_1_forward_check", grade=True),
    )
    answers = read_answers(path, manifest, "part_a")
    assert answers.sources == {"a1_1_forward": FORWARD, "a1_6_cfg": None}
    assert list(answers.manual) == ["a1_1_figure", "a1_7_words"]
    assert answers.repairs == ()


def test_part_b_has_its_own_exercises(notebook: NotebookMaker, manifest: Manifest) -> None:
    answers = read_answers(notebook(code(FORWARD, "a1_1_forward")), manifest, "b")
    assert answers.sources == {"b1_2_noise": None}


def test_stripped_metadata_is_repaired_by_names(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    path = notebook(code("import math"), code(FORWARD), code(CHECK))
    assert source_of(path, manifest) == FORWARD
    (repair,) = read_answers(path, manifest, "part_a").repairs
    assert repair == "a1_1_forward: found by its names in cell 2: the cell's id is gone"


def test_duplicated_cell_the_last_whole_one_wins(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    copies = [code(s, "a1_1_forward") for s in (FORWARD, BETTER, "def forward(im:", STUB)]
    path = notebook(*copies)
    assert source_of(path, manifest) == BETTER
    repairs = read_answers(path, manifest, "part_a").repairs
    assert "a1_1_forward: 2 whole copies, the last is taken (cell 2)" in repairs
    assert "a1_1_forward: cell 3 left out: not Python" in repairs


def test_answer_split_over_cells_is_put_together(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    path = notebook(
        code(CFG_NOISE, "a1_6_cfg"), markdown("and"), code(HELPER, "a1_6_cfg"), code(CFG_LOOP)
    )
    assert source_of(path, manifest, "a1_6_cfg") == "\n\n".join([CFG_NOISE, HELPER, CFG_LOOP])
    repairs = read_answers(path, manifest, "part_a").repairs
    assert repairs == ("a1_6_cfg: put together from cells 1, 3, 4",)


def test_stub_left_behind_does_not_hide_the_answer(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    path = notebook(code(FORWARD), code(STUB, "a1_1_forward"))
    assert source_of(path, manifest) == FORWARD
    (repair,) = read_answers(path, manifest, "part_a").repairs
    assert repair == "a1_1_forward: taken from cell 1: the exercise's own cell has no answer"


def test_half_solved_copies_complete_each_other(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    stub_noise, stub_loop = CFG_STUBS.split("\n\n")
    path = notebook(
        code(f"{CFG_NOISE}\n{stub_loop}", "a1_6_cfg"),
        code(f"{stub_noise}\n{CFG_LOOP}", "a1_6_cfg"),
    )
    source = source_of(path, manifest, "a1_6_cfg")
    assert "NotImplementedError" not in source


def test_half_solved_cell_is_an_answer(notebook: NotebookMaker, manifest: Manifest) -> None:
    source = CFG_NOISE + CFG_STUBS.split("\n\n")[1]
    path = notebook(code(source, "a1_6_cfg"))
    assert source_of(path, manifest, "a1_6_cfg") == source


def test_function_cut_in_two_is_joined(notebook: NotebookMaker, manifest: Manifest) -> None:
    head, body = FORWARD.split("\n", 1)
    path = notebook(
        code(f"{head}\n    scale = alphas_cumprod[t]", "a1_1_forward"),
        code(body, "a1_1_forward"),
    )
    assert source_of(path, manifest).count("return") == 1
    (repair,) = read_answers(path, manifest, "part_a").repairs
    assert repair == "cells 1 and 2 are read as one: a function was cut in two"


def test_own_cell_goes_before_a_later_definition(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    path = notebook(code(FORWARD, "a1_1_forward"), code(BETTER))
    assert source_of(path, manifest) == FORWARD
    (repair,) = read_answers(path, manifest, "part_a").repairs
    assert repair == "a1_1_forward: also defined in cell 2, which is not taken"


def test_variable_of_the_same_name_elsewhere_is_no_answer(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    path = notebook(code(STUB, "a1_1_forward"), code("x = 1"), code(FORWARD), code("forward = 3"))
    assert source_of(path, manifest) == FORWARD


def test_assigned_function_is_an_answer(notebook: NotebookMaker, manifest: Manifest) -> None:
    source = "forward = lambda im, t, alphas_cumprod: im"
    assert source_of(notebook(code(source, "a1_1_forward")), manifest) == source
    assert source_of(notebook(code(source)), manifest) == source


@pytest.mark.parametrize(
    "source",
    [
        STUB,
        "def forward(im, t, a):\n    raise NotImplementedError",
        "def forward(im, t, a):\n    out = im\n    for i in range(3):\n"
        "        raise NotImplementedError()\n    return out",
        "def forward(im, t, a):\n    if t:\n        raise NotImplementedError()\n"
        "    else:\n        raise NotImplementedError()",
        "class forward:\n    def __init__(self):\n        raise NotImplementedError()\n"
        "    def go(self):\n        return 1",
        "",
        "# nothing yet",
        CHECK,
    ],
)
def test_stub_or_nothing_is_missing(
    notebook: NotebookMaker, manifest: Manifest, source: str
) -> None:
    path = notebook(code(source, "a1_1_forward"))
    assert read_answers(path, manifest, "part_a").sources["a1_1_forward"] is None


@pytest.mark.parametrize(
    "source",
    [
        FORWARD + "    raise NotImplementedError()\n",
        "def forward(im, t, a):\n    if t < 0:\n        raise NotImplementedError()\n    return im",
        "def forward(im, t, a):\n    pass",
    ],
)
def test_what_can_return_is_an_answer(
    notebook: NotebookMaker, manifest: Manifest, source: str
) -> None:
    assert source_of(notebook(code(source, "a1_1_forward")), manifest) == source


@pytest.mark.parametrize("grade_id", ["a1_1_forward", ""])
@pytest.mark.parametrize(
    "source", ["def forward(im, t:\n    return im", "def forward(): return '\0'"]
)
def test_broken_python_is_kept_for_its_author(
    notebook: NotebookMaker, manifest: Manifest, source: str, grade_id: str
) -> None:
    path = notebook(code(source, grade_id))
    assert read_answers(path, manifest, "part_a").sources["a1_1_forward"] == source


def test_misnamed_function_is_missing_and_named(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    answers = read_answers(notebook(code(HELPER, "a1_1_forward")), manifest, "part_a")
    assert answers.sources["a1_1_forward"] is None
    assert answers.repairs == ("a1_1_forward: cell 1 does not define forward",)


def test_id_of_the_cell_stands_in_for_lost_metadata(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    figure = with_picture(code("plt.show()"))
    figure.id = "a1_1_figure"
    assert read_answers(notebook(figure), manifest, "part_a").manual["a1_1_figure"].present


def test_nothing_is_run(notebook: NotebookMaker, manifest: Manifest, tmp_path: Path) -> None:
    mark = tmp_path / "was_run"
    path = notebook(code(f"open({str(mark)!r}, 'w').close()\n{FORWARD}", "a1_1_forward"))
    assert "was_run" in (read_answers(path, manifest, "part_a").sources["a1_1_forward"] or "")
    assert not mark.exists()


def test_picture_is_seen_in_the_cell_or_right_behind_it(
    notebook: NotebookMaker, manifest: Manifest
) -> None:
    def figure(*cells: object) -> bool:
        return read_answers(notebook(*cells), manifest, "part_a").manual["a1_1_figure"].present

    empty = code("show()", "a1_1_figure")
    assert not figure(empty)
    assert figure(with_picture(code("show()", "a1_1_figure")))
    assert figure(empty, with_picture(code("show()")))
    assert not figure(empty, markdown("# Next"), with_picture(code("show()")))
    assert not figure(empty, with_picture(code(FORWARD, "a1_1_forward")))
    assert figure(markdown("![mine](attachment:x.png)", "a1_1_figure"))
    assert figure(with_picture(code("# a1_1_figure\nshow()")))
    assert not figure(with_picture(code("# a1_1_figures\nshow()")))


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("YOUR ANSWER HERE", False),
        ("## What do you see?\n\nYOUR ANSWER HERE", False),
        ("**In words**: what was seen?\n\n*Your answer here.*", False),
        ("**In words**: what was seen?\n\n*Your answer here.* A dog.", True),
        ("**In words**: what was seen?\n\nA dog.", True),
        ("<!-- write\nhere -->\n\n---", False),
        ("## What do you see?\n\nA dog becomes noise.", True),
        ("雑音です", True),
    ],
)
def test_words_are_told_from_the_stub(
    notebook: NotebookMaker, manifest: Manifest, text: str, present: bool
) -> None:
    answer = read_answers(notebook(markdown(text, "a1_7_words")), manifest, "part_a").manual
    assert answer["a1_7_words"].present is present
    assert answer["a1_7_words"].found


def test_absent_manual_cell_is_not_found(notebook: NotebookMaker, manifest: Manifest) -> None:
    answer = read_answers(notebook(), manifest, "part_a").manual["a1_7_words"]
    assert not answer.found
    assert not answer.present


def test_oversized_cell_is_left_out_and_named(notebook: NotebookMaker, manifest: Manifest) -> None:
    path = notebook(code("x = 1\n" * 20_000), code(FORWARD, "a1_1_forward"))
    assert source_of(path, manifest) == FORWARD
    (repair,) = read_answers(path, manifest, "part_a").repairs
    assert repair == "cell 1 is not read: over 100 kB of code"


@pytest.mark.parametrize(
    "nested",
    [
        "x = 1" + "+1" * 20_000,
        "x" + ".a" * 40_000,
        "-" * 50_000 + "1",
        "(" * 50_000,
        "if x:\n    pass\n" + "elif x:\n    pass\n" * 900,
        "".join(f"{' ' * i}if x:\n" for i in range(120)),
        "x = " + "9" * 10_000,
    ],
    ids=["sum", "attribute", "minus", "parenthesis", "elif", "if", "digits"],
)
def test_nesting_beyond_the_parser_harms_no_other_cell(
    notebook: NotebookMaker, manifest: Manifest, nested: str
) -> None:
    path = notebook(code(f"{CFG_NOISE}\n{nested}", "a1_6_cfg"), code(FORWARD, "a1_1_forward"))
    assert source_of(path, manifest) == FORWARD
    assert CFG_NOISE in (read_answers(path, manifest, "part_a").sources["a1_6_cfg"] or "")
