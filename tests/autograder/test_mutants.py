"""Every exercise's checks on mechanical mutants of its solution: one operator, number or root off.

The known mistakes are those that people make; these are those that nobody thought of. A mutant
that no check catches is a hole in the checks, unless it computes the same.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

import pytest

from autograder.bank import solution_source
from autograder.checking import check_module, run_checks
from autograder.subject import LocalSubject
from course.manifest import Exercise, load_manifest

EXERCISES = [e for e in load_manifest().exercises.values() if not e.manual]
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)

# Mutants that are right as well: the sign of symmetric noise does not matter.
EQUIVALENT = {
    ("a1_1_forward", "alpha_bar.sqrt() * im + (1 - alpha_bar).sqrt() * epsilon: Sub"),
    ("b1_2_noise", "x + sigma * torch.randn_like(x): Sub"),
    ("b2_3_sample", "coef_x0 * x0 + coef_xt * x + beta.sqrt() * z: Sub"),
    ("b2_5_sample", "coef_x0 * x0 + coef_xt * x + beta.sqrt() * z: Sub"),
}


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Pairs of what was changed, and the changed source."""
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):

        def changed(change: Callable[[ast.AST], None], index: int = index) -> str:
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[index])
            return ast.unparse(other)

        if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS):
            for operator in OPERATORS:
                if not isinstance(node.op, operator):
                    name = f"{ast.unparse(node)}: {operator.__name__}"
                    yield name, changed(lambda n, o=operator: setattr(n, "op", o()))  # type: ignore[misc]
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".sqrt"):
            yield f"{ast.unparse(node)}: no root", changed(_square)


def _square(node: ast.AST) -> None:
    """Turns x.sqrt() into x.clone()."""
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    node.func.attr = "clone"


@pytest.mark.slow
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_mutants_are_caught_and_judged(exercise: Exercise) -> None:
    """Does each mutant lose a point, and can every check judge it?"""
    module = check_module(exercise.id)
    missed, unjudged = [], []
    for name, source in mutants(solution_source(exercise)):
        found = run_checks(module, LocalSubject(), source, exercise.checks)
        if all(o.passed for o in found) and (exercise.id, name) not in EQUIVALENT:
            missed.append(name)
        unjudged += [f"{name}: {o.name}" for o in found if o.kind == "check-error"]
    assert not missed
    assert not unjudged
