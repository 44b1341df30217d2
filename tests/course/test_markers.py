"""Solution markers are exact lines around whole statements of a function, or refused."""

from __future__ import annotations

from textwrap import dedent

import pytest

from course.build.errors import BuildError
from course.build.markers import Region, find_regions, region_lines

GOOD = """\
    def f(x):
        # a hint
        ### BEGIN SOLUTION
        y = x
        return y
        ### END SOLUTION
    """


def regions(text: str) -> tuple[Region, ...]:
    return find_regions(dedent(text), "f.py")


def test_region() -> None:
    """A right region is found with its lines."""
    found = regions(GOOD)
    assert found == (Region(3, 6, 4),)
    assert region_lines(dedent(GOOD), found) == [(4, "    y = x"), (5, "    return y")]


def test_several_regions_and_deeper_indentation() -> None:
    """A function may have several regions, inside of loops as well."""
    text = """\
        class A:
            def f(self, n):
                ### BEGIN SOLUTION
                total = 0
                ### END SOLUTION
                for i in range(n):
                    ### BEGIN SOLUTION
                    text = '''
        not indented
                    '''
                    total += i

                    ### END SOLUTION
                return total
        """
    assert [(r.begin, r.end) for r in regions(text)] == [(3, 5), (7, 13)]


@pytest.mark.parametrize(
    "line",
    [
        "### BEGN SOLUTION",
        "### BEGIN SOLUTIONS",
        "## BEGIN SOLUTION",
        "#### BEGIN SOLUTION",
        "### begin solution",
        "### BEGIN  SOLUTION",
        "### BEGIN SOLUTION ",
        "###BEGIN SOLUTION",
        "### BEGIN_SOLUTION",
        "### START SOLUTION",
        "# before BEGIN SOLUTION comes a hint",
        "x = 1  ### BEGIN SOLUTION",
        "'the words BEGIN SOLUTION in a text'",
        "### a headline",
        "\t### BEGIN SOLUTION",
        "### BEGIN HIDDEN TESTS",
        "# AUTOTEST",
    ],
)
def test_resembling_line(line: str) -> None:
    """What is not exactly a marker but looks like one is refused where it stands."""
    text = dedent(GOOD).replace("    # a hint", f"    {line}")
    with pytest.raises(BuildError) as caught:
        find_regions(text, "f.py")
    assert any(problem.startswith("f.py:2: ") for problem in caught.value.problems)


@pytest.mark.parametrize("line", ["### END SOLUTIN", "### END SOLUTION.", "# END SOLUTION"])
def test_resembling_end(line: str) -> None:
    """A misspelt END is named itself, not only the BEGIN that it leaves open."""
    with pytest.raises(BuildError, match=r"f\.py:6: "):
        regions(GOOD.replace("### END SOLUTION", line))


@pytest.mark.parametrize(
    "line",
    [
        "# the solution",
        "# The solution has two terms.",
        "# begin with the noise",
        "# end of the loop",
    ],
)
def test_prose_is_no_marker(line: str) -> None:
    """Ordinary comments are left alone."""
    assert regions(GOOD.replace("# a hint", line))


REFUSED = {
    "no-end": ("def f():\n    ### BEGIN SOLUTION\n    return 1\n", 2, "without an ### END"),
    "no-begin": ("def f():\n    return 1\n    ### END SOLUTION\n", 3, "without a ### BEGIN"),
    "nested": (
        "def f():\n    ### BEGIN SOLUTION\n    ### BEGIN SOLUTION\n    return 1\n"
        "    ### END SOLUTION\n",
        3,
        "inside the region of line 2",
    ),
    "empty": (
        "def f():\n    ### BEGIN SOLUTION\n\n    # only a comment\n    ### END SOLUTION\n",
        2,
        "region is empty",
    ),
    "end-indented-otherwise": (
        "def f():\n    ### BEGIN SOLUTION\n    return 1\n  ### END SOLUTION\n",
        4,
        "not indented like",
    ),
    "not-at-statements": (
        "def f():\n  ### BEGIN SOLUTION\n      return 1\n  ### END SOLUTION\n".replace(
            "def f():\n", "def f():\n      x = 1\n"
        ),
        3,
        "not at the indentation",
    ),
    "top-level": ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", 1, "not inside a function"),
    "in-class-body": (
        "class A:\n    ### BEGIN SOLUTION\n    x = 1\n    ### END SOLUTION\n",
        2,
        "not inside a function",
    ),
    "around-function": (
        "### BEGIN SOLUTION\ndef f():\n    return 1\n### END SOLUTION\n",
        1,
        "not inside a function",
    ),
    "cuts-if": (
        "def f(x):\n    ### BEGIN SOLUTION\n    if x:\n        x = 1\n    ### END SOLUTION\n"
        "    else:\n        x = 2\n    return x\n",
        5,
        "cuts through the statement of line 3",
    ),
    "inside-expression": (
        "def f(x):\n    x = (\n    ### BEGIN SOLUTION\n    1\n    )\n    return x\n"
        "    ### END SOLUTION\n",
        3,
        "cuts through the statement of line 2",
    ),
}


@pytest.mark.parametrize(("text", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, line: int, words: str) -> None:
    """Markers that nbgrader would take silently are refused with file and line."""
    with pytest.raises(BuildError) as caught:
        find_regions(text, "f.py")
    found = [p for p in caught.value.problems if p.startswith(f"f.py:{line}: ")]
    assert any(words in problem for problem in found), caught.value.problems
