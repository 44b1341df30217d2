"""Loads what answers import, once, before workers are forked."""

from __future__ import annotations

import ctypes
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from typing import Any

# Parts of torchvision that answers hardly use; loading them takes as long as torch itself.
SELDOM = ("datasets", "io", "models", "ops")
# What `import *` asks for.
STAR = "__all__"
HUGE, COLLAPSE = 2 * 2**20, 25


def warm_up() -> None:
    """Imports what answers import, and takes it out of the garbage collector's way."""
    import numpy
    import torch

    leave_seldom()
    import torchvision.transforms.functional
    import tqdm.auto

    from . import executor

    # An editable installation would make the grader importable where there is no jail.
    sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
    del numpy, tqdm, executor
    torch.set_num_threads(1)
    # The first backward pass and the first blur load code that every fork can then share.
    layer = torch.nn.Conv2d(1, 1, 3)
    torchvision.transforms.functional.gaussian_blur(torch.zeros(1, 1, 8, 8), [3, 3], [1.0, 1.0])
    del layer
    sys.stdout.flush()
    gc.collect()
    gc.freeze()
    settle_memory()


def leave_seldom() -> None:
    """Leaves what is slow to load and seldom used until it is asked for. Import torch before."""
    # Optimizers ask the compiler for no more than these two, which do nothing without it.
    load_when_used("torch._dynamo", disable=_unchanged, graph_break=_nothing)
    for name in SELDOM:
        load_when_used(f"torchvision.{name}")
    sys.meta_path.insert(0, _Parents())


class _Seldom(types.ModuleType):
    """A module that runs its file when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        if spec is None or spec.loader is None or (name[:2] == "__" and name != STAR):
            raise AttributeError(name)
        self.__class__ = types.ModuleType  # type: ignore[assignment]
        spec.loader.exec_module(self)
        return getattr(self, name)


class _Parents(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Runs a package's own file before a module of it is imported, as Python does."""

    def __init__(self) -> None:
        self.specs: dict[str, importlib.machinery.ModuleSpec | None] = {}

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """What the package has imported itself; else it is for others to find."""
        del path, target
        package = sys.modules.get(name.rpartition(".")[0])
        if isinstance(package, _Seldom):
            getattr(package, STAR, None)  # any name that it has not would do
        ready = sys.modules.get(name)
        if ready is None:
            return None
        self.specs[name], ready.__spec__ = ready.__spec__, None
        return importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """The module as it is."""
        return sys.modules[spec.name]

    def exec_module(self, module: types.ModuleType) -> None:
        """It ran already."""
        module.__spec__ = self.specs.pop(module.__name__)


def _unchanged(function: Any, *_: Any, **__: Any) -> Any:
    return function


def _nothing(*_: Any, **__: Any) -> None:
    return None


def load_when_used(name: str, **known: Any) -> None:
    """Puts a module in place whose file is run when something of it is asked for.

    Args:
        name: A module of a package, by its full name; nothing happens if there is none.
        known: What it has already.
    """
    package = importlib.util.find_spec(name.rpartition(".")[0])
    places = package.submodule_search_locations if package else None
    spec = importlib.machinery.PathFinder.find_spec(name, places)
    if spec is None or spec.loader is None:
        return
    if name in sys.modules:
        return
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Seldom
    vars(module).update(known)
    sys.modules[name] = module


def settle_memory() -> None:
    """Lets the kernel keep this process's memory in large pages: a fork then copies fewer entries.

    Kernels before 6.1 refuse, and so may any where memory is scarce: nothing is lost.
    """
    madvise = ctypes.CDLL(None).madvise
    with open("/proc/self/maps", encoding="ascii", errors="replace") as lines:  # noqa: PTH123
        areas = [line.split() for line in lines]
    for place, access, _, _, _, *name in areas:
        if access != "rw-p" or name not in ([], ["[heap]"]):
            continue
        low, high = (int(end, 16) for end in place.split("-"))
        low, high = -(-low // HUGE) * HUGE, high // HUGE * HUGE
        if high > low:
            madvise(ctypes.c_void_p(low), ctypes.c_size_t(high - low), COLLAPSE)
