"""Takes the text of exercises out of the solutions, by syntax tree and never by import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from course.build.errors import BuildError
from course.build.layout import Layout
from course.build.markers import Region, find_regions
from course.manifest import Exercise, Manifest

# What an exercise's code finds in its namespace, in a notebook and when it is graded.
PRELUDE = frozenset(
    {"math", "np", "torch", "F", "TF", "Tensor", "nn", "tqdm", "add_variance"},
)

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """One parsed file of the solutions.

    Attributes:
        name: Path below the root, for messages.
        text: The whole text.
        regions: Its solution regions.
        definitions: Top-level functions and classes under their names.
        bindings: Every name that the file binds at top level, with the line.
    """

    name: str
    text: str
    regions: tuple[Region, ...]
    definitions: dict[str, Definition] = field(default_factory=dict)
    bindings: dict[str, int] = field(default_factory=dict)


class Sources:
    """The solutions of a course, each file read once."""

    def __init__(self, layout: Layout, manifest: Manifest) -> None:
        self.layout = layout
        self.manifest = manifest
        self._modules: dict[str, Module] = {}

    def module(self, exercise: Exercise) -> Module:
        """The file in which an exercise is solved.

        Raises:
            BuildError: No such file, not Python, or bad solution markers.
        """
        dotted = exercise.sources[0].partition(":")[0]
        if dotted not in self._modules:
            path = self.layout.module(dotted)
            if not path.is_file():
                name = self.layout.show(path)
                raise BuildError(f"{self._at(exercise)} source file {name} does not exist")
            self._modules[dotted] = parse_module(self.layout.text(path), self.layout.show(path))
        return self._modules[dotted]

    def text(self, exercise: Exercise) -> str:
        """The solved code of an exercise, its objects in the manifest's order.

        Raises:
            BuildError: An object that is missing, has no solution region, or uses a name that
                its notebook does not have.
        """
        module = self.module(exercise)
        pieces, problems = [], []
        for name in exercise.objects:
            node = module.definitions.get(name)
            if node is None:
                problems.append(
                    f"{self._at(exercise)} source object {name} is not in {module.name}"
                )
                continue
            first, last = extent(module, node)
            if not any(first <= region.begin <= last for region in module.regions):
                problems.append(f"{module.name}:{first}: {name} has no solution region")
            problems += self._strangers(exercise, module, node)
            pieces.append("\n".join(module.text.splitlines()[first - 1 : last]))
        if problems:
            raise BuildError(*problems)
        return "\n\n\n".join(pieces)

    def _strangers(self, exercise: Exercise, module: Module, node: Definition) -> Iterator[str]:
        taught = {name for e in self.manifest.of_part(exercise.part) for name in e.objects}
        known = PRELUDE | taught
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and child.id in module.bindings.keys() - known:
                yield (
                    f"{module.name}:{child.lineno}: {node.name} uses {child.id}, which the "
                    f"notebook of part {exercise.part} does not have"
                )

    def _at(self, exercise: Exercise) -> str:
        return f"{self.manifest.path.name}:{exercise.line}: [{exercise.id}]"


def parse_module(text: str, name: str) -> Module:
    """Parses a file of the solutions.

    Raises:
        BuildError: Not Python, or bad solution markers.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise BuildError(f"{name}:{error.lineno}: not valid Python: {error.msg}") from error
    module = Module(name, text, find_regions(text, name))
    for node in _top_level(tree.body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            module.definitions[node.name] = node
        for bound in _bound(node):
            module.bindings[bound] = node.lineno
    return module


def extent(module: Module, node: Definition) -> tuple[int, int]:
    """First and last line of a definition, decorators and closing comments included."""
    lines = module.text.splitlines()
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    last = node.end_lineno or node.lineno
    # A closing marker is a comment and so not part of the node.
    for number in range(last + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip() and not line.startswith(" "):
            break
        if line.strip():
            last = number
    return first, last


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If):  # `if TYPE_CHECKING:`
            yield from _top_level(node.body)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((a.asname or a.name).partition(".")[0] for a in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (t.id for t in targets if isinstance(t, ast.Name))
