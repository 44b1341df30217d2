"""What a coding exercise must have: its files, with probe, tests, banks and a visible check.

Read by syntax tree and never by import, so that a course can be checked wherever it lies.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from course.build.errors import BuildError
from course.build.layout import EXERCISE_FOLDERS, UNFILLED, Layout
from course.manifest import Exercise, Manifest

# Fewer prove little: of checks that they reject, and that they accept other styles.
LEAST = {"mistakes": 4, "variants": 3}


def check_files(layout: Layout, manifest: Manifest) -> None:
    """Compares the grader's and the kit's files with the manifest.

    Raises:
        BuildError: A coding exercise without one of its files, a file of no exercise, a file in
            which `course new` left something to fill in or that is no Python, and all `gaps`.
    """
    coding = {e.id: e for e in manifest.exercises.values() if not e.manual}
    problems = []
    for exercise in coding.values():
        paths = [layout.exercise_file(folder, exercise.id) for folder in EXERCISE_FOLDERS]
        if missing := [layout.show(path) for path in paths if not path.is_file()]:
            problems.append(
                f"{manifest.path.name}:{exercise.line}: [{exercise.id}] lacks "
                f"{', '.join(missing)}: write what is missing"
            )
    for folder in EXERCISE_FOLDERS:
        for path in sorted((layout.root / "autograder" / folder).glob("*.py")):
            if path.stem not in coding and not path.name.startswith(("_", "conftest")):
                problems.append(
                    f"{layout.show(path)}:1: belongs to no coding exercise of "
                    f"{manifest.path.name}: rename it, or start its name with _"
                )
    problems += _broken(layout) or [
        *_unfilled(layout),
        *(line for lines in gaps(layout, manifest).values() for line in lines),
    ]
    if problems:
        raise BuildError(*problems)


def gaps(layout: Layout, manifest: Manifest) -> dict[str, list[str]]:
    """Says what the coding exercises lack.

    Args:
        layout: The course's paths.
        manifest: Its exercises; files that do not exist are not this function's matter.

    Returns:
        Under each id one line for each gap: file, line, and what to write there.
    """
    visible = list(_visible_checks(layout))
    objects = _kit_objects(layout)
    return {
        exercise.id: [
            *_of_checks(layout, manifest, exercise),
            *(line for f, least in LEAST.items() for line in _of_bank(layout, exercise, f, least)),
            *_of_kit(layout, manifest, exercise, objects),
            *_of_visible(manifest, exercise, visible),
        ]
        for exercise in manifest.exercises.values()
        if not exercise.manual
    }


def _texts(layout: Layout) -> list[Path]:
    folders = [layout.root / "autograder" / folder for folder in EXERCISE_FOLDERS]
    return [path for f in [*folders, layout.kit_checks] for path in sorted(f.glob("*.py"))]


def _broken(layout: Layout) -> list[str]:
    problems: list[str] = []
    for path in _texts(layout):
        try:
            ast.parse(layout.text(path))
        except BuildError as error:
            problems += error.problems
        except SyntaxError as error:
            line = error.lineno or 1
            problems.append(f"{layout.show(path)}:{line}: not valid Python: {error.msg}")
        except ValueError as error:
            problems.append(f"{layout.show(path)}:1: not valid Python: {error}")
    return problems


def _unfilled(layout: Layout) -> list[str]:
    texts = [layout.manifest, layout.part("a"), layout.part("b"), *_texts(layout)]
    texts += sorted((layout.root / "solutions").glob("*.py"))
    return [
        f"{layout.show(path)}:{number}: left unfilled by `course new`: replace {UNFILLED}"
        for path in texts
        if path.is_file()
        for number, line in enumerate(layout.text(path).splitlines(), 1)
        if UNFILLED in line
    ]


def _of_checks(layout: Layout, manifest: Manifest, exercise: Exercise) -> Iterator[str]:
    path = layout.exercise_file("checks", exercise.id)
    tree = _parsed(path)
    if tree is None:
        return
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    name, listed = layout.show(path), f"{manifest.path.name}:{exercise.line}"
    if "probe" not in functions:
        yield f"{name}:1: lacks probe(student): without it no known mistake is recognised"
    for check in exercise.checks:
        if f"test_{check}" not in functions:
            yield f"{name}:1: lacks test_{check}(student), to which {listed} gives points"
    for function in functions.values():
        check = function.name.removeprefix("test_")
        if function.name.startswith("test_") and check not in exercise.checks:
            yield f"{name}:{function.lineno}: {function.name} has no points: name it in {listed}"


def _of_bank(layout: Layout, exercise: Exercise, folder: str, least: int) -> Iterator[str]:
    path = layout.exercise_file(folder, exercise.id)
    tree = _parsed(path)
    if tree is None:
        return
    constant, kind = folder.upper(), folder.removesuffix("s").title()
    line, value = _constant(tree, constant)
    entries = value.elts if isinstance(value, ast.Tuple | ast.List) else None
    where = f"{layout.show(path)}:{line}:"
    if entries is None or not all(isinstance(entry, ast.Call) for entry in entries):
        yield f"{where} {constant} must be a tuple of {kind}(...), written out"
    elif len(entries) < least:
        yield f"{where} {len(entries)} {folder} of {exercise.id}: write at least {least}"


def _of_kit(
    layout: Layout, manifest: Manifest, exercise: Exercise, objects: dict[str, tuple[str, ...]]
) -> Iterator[str]:
    if objects.get(exercise.id) != exercise.objects:
        registry = layout.show(layout.kit_checks / "registry.py")
        yield (
            f"{manifest.path.name}:{exercise.line}: [{exercise.id}] is not in OBJECTS of "
            f'{registry} as it is here: write "{exercise.id}": {exercise.objects!r}'
        )


def _of_visible(
    manifest: Manifest, exercise: Exercise, visible: list[tuple[str, str, str]]
) -> Iterator[str]:
    listed = f"{manifest.path.name}:{exercise.line}"
    own = [(where, name) for where, key, name in visible if key == exercise.id]
    if not own:
        yield (
            f'{listed}: [{exercise.id}] has no visible check: write one with @visible("'
            f'{exercise.id}", "{next(iter(exercise.checks))}") in course/kit/checks/'
        )
    for where, name in own:
        if name not in exercise.checks:
            yield f"{where}: visible check {name!r} is none of the checks of {listed}"


def _visible_checks(layout: Layout) -> Iterator[tuple[str, str, str]]:
    """Place, exercise and name of each `@visible(exercise, name)` of the kit."""
    for path in sorted(layout.kit_checks.glob("*.py")):
        tree = _parsed(path)
        functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)] if tree else []
        for call in (d for f in functions for d in f.decorator_list if isinstance(d, ast.Call)):
            given = [a.value for a in call.args if isinstance(a, ast.Constant)]
            named = isinstance(call.func, ast.Name) and call.func.id == "visible"
            if named and len(given) == 2:
                yield f"{layout.show(path)}:{call.lineno}", str(given[0]), str(given[1])


def _kit_objects(layout: Layout) -> dict[str, tuple[str, ...]]:
    tree = _parsed(layout.kit_checks / "registry.py")
    value = _constant(tree, "OBJECTS")[1] if tree else None
    return dict(ast.literal_eval(value)) if isinstance(value, ast.Dict) else {}


def _constant(tree: ast.Module, name: str) -> tuple[int, ast.expr | None]:
    """Line and value of a name that a file gives at its top level."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            return node.lineno, node.value
    return 1, None


def _parsed(path: Path) -> ast.Module | None:
    """The syntax tree of a file; None where there is none, or it is no Python."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
