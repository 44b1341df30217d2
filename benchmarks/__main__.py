"""`python -m benchmarks`: lists the benchmarks; each is a command of its own."""

from __future__ import annotations

import importlib
import pkgutil

import benchmarks


def names() -> list[str]:
    """Modules of this folder that can be run: those with a `main`."""
    found = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    modules = {name: _module(name) for name in found if not name.startswith("__")}
    return [name for name, module in modules.items() if hasattr(module, "main")]


def summary(name: str) -> str:
    """The first line of a benchmark's description."""
    text = (_module(name).__doc__ or "").splitlines()[0]
    return text.partition(": `python")[0].rstrip(".")


def main() -> None:
    """Prints each benchmark with its command."""
    for name in names():
        print(f"python -m benchmarks.{name:<12} {summary(name)}")
    print("\nEach has --help; --record writes its result beside it as .md and .json.")
    print("Part B's numbers come from `course reproduce`; see benchmarks/README.md.")


def _module(name: str) -> object:
    return importlib.import_module(f"benchmarks.{name}")


if __name__ == "__main__":
    main()
