"""IPython's lines go, Python stays, and line numbers stay true."""

from __future__ import annotations

import ast

import pytest

from autograder.submission.magics import python_source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install torch\nx = 1", "pass\nx = 1"),
        ("!pip install \\\n    torch\nx = 1", "pass\n\nx = 1"),
        ("forward?\nx = 1", "pass\nx = 1"),
        ("?forward\nx.y??", "pass\npass"),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("a, b = %who_ls\nx = 1", "pass\nx = 1"),
        ("if True:\n    %time f()\nx = 1", "if True:\n    pass\nx = 1"),
        ("\n%%time\nx = 1", "\npass\nx = 1"),
        ("%%capture out\nx = 1", "pass\nx = 1"),
        ("!echo \"it's\n%time f(\nx = 1", "pass\npass\nx = 1"),
        ("x = 1\n!ls '''\nf?", "x = 1\npass\npass"),
        ("%%bash\nrm -rf x", ""),
        ("%%writefile forward.py\ndef forward(): pass", ""),
        ("%%html\n<b>x</b>", ""),
        ("%%\nx = 1", ""),
    ],
)
def test_magics_become_pass(source: str, expected: str) -> None:
    assert python_source(source) == expected
    ast.parse(python_source(source))


@pytest.mark.parametrize(
    "source",
    [
        "x = (10\n% 3)",
        'text = """\n%matplotlib inline\n!ls\n"""',
        "x = 7 % 3  # is it?",
        "def f():\n    return 1",
        "",
    ],
)
def test_python_is_untouched(source: str) -> None:
    assert python_source(source) == source


def test_percent_in_python_survives_beside_a_magic() -> None:
    source = 'x = (10\n% 3)\ntext = """\n%no magic\n"""\n%time f()'
    assert python_source(source) == source.replace("%time f()", "pass")


def test_syntax_error_keeps_its_line_number() -> None:
    source = python_source("%matplotlib inline\n\ndef f(:\n    pass")
    with pytest.raises(SyntaxError) as caught:
        ast.parse(source)
    assert caught.value.lineno == 3
