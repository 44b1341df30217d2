"""Gradescope's bundle in a minimal root: `python -m benchmarks.bundle ROOT`.

Makes a Debian root with debootstrap, unpacks the bundle there, runs its `setup.sh` as Gradescope
does while it builds an image, then `run_autograder` on the reference solution, and measures
seconds, sizes and memory. It needs root, debootstrap, and Debian's and pip's packages; mounts are
made in a namespace of their own, so that none is left behind.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Annotated

import nbformat
import typer

from autograder.bundle.packing import write_bundle
from benchmarks.bundle_memory import Peak, watched
from benchmarks.machine import describe, load, markdown_table, record
from course.build.release import solved_notebooks

ROOT = Path(__file__).resolve().parents[1]
# Gradescope's defaults, to compare with.
MEMORY_MIB = 768
ASSIGNMENTS = ("part_a", "part_b")
INSIDE = """set -eu
mount --bind /dev {root}/dev
mount -t proc proc {root}/proc
{binds}
exec chroot {root} /usr/bin/env -i {env} bash -c {command}
"""


def make_root(root: Path, suite: str, mirror: str | None) -> float:
    """Seconds that debootstrap took; 0 where the root is there already."""
    if (root / "bin/bash").exists():
        return 0.0
    start = time.perf_counter()
    command = ["debootstrap", "--variant=minbase", suite, str(root), *([mirror] if mirror else [])]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def unpack(root: Path, assignment: str, torch: str | None, torchvision: str | None) -> float:
    """KiB of the bundle, which is unpacked into the root's /autograder as Gradescope does."""
    folder = root / "autograder"
    for name in ("source", "submission", "results"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    bundle = folder / "bundle.zip"
    bundle.unlink(missing_ok=True)
    write_bundle(bundle, assignment, "landlock")
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(folder / "source")
    # As `unzip` gives it; the module zipfile drops the bits.
    Path(shutil.copy(folder / "source" / "run_autograder", folder)).chmod(0o755)
    lock = folder / "source" / "requirements.lock"
    text = lock.read_text("utf-8")
    for name, version in (("torch", torch), ("torchvision", torchvision)):
        text = re.sub(rf"(?m)^{name}==.*$", f"{name}=={version}", text) if version else text
    lock.write_text(text, "utf-8")
    notebook = solved_notebooks(ROOT)[assignment]
    nbformat.write(notebook, folder / "submission" / f"{assignment}.ipynb")
    return bundle.stat().st_size / 1024


def inside(root: Path, command: str, wheels: Path | None) -> tuple[float, Peak]:
    """Seconds and peak memory of a command in the root, with the host's network.

    Raises:
        subprocess.CalledProcessError: It failed; its output has been printed.
    """
    (root / "wheels").mkdir(exist_ok=True)
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    binds = []
    if wheels is not None:
        binds.append(f"mount --bind -o ro {wheels.resolve()} {root}/wheels")
        env["PIP_FIND_LINKS"] = "/wheels"
    if certificates := os.environ.get("PIP_CERT"):
        shutil.copy(certificates, root / "certificates.crt")
        env["PIP_CERT"] = "/certificates.crt"
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    script = INSIDE.format(
        root=root,
        binds="\n".join(binds),
        env=" ".join(f"{name}={value}" for name, value in env.items()),
        command=f"'{command}'",
    )
    return watched(["unshare", "--mount", "bash", "-c", script])


def mib(*folders: Path) -> float:
    """Size of folders on the disk."""
    out = subprocess.run(["du", "-smcx", *folders], check=True, capture_output=True, text=True)
    return float(out.stdout.split()[-2])


def measure(
    root: Path, wheels: Path | None, torch: str | None, torchvision: str | None, grade: bool
) -> dict[str, dict[str, float]]:
    """Set-up once, then each assignment graded; numbers by assignment."""
    found: dict[str, dict[str, float]] = {}
    before = mib(root)
    for assignment in ASSIGNMENTS:
        size = unpack(root, assignment, torch, torchvision)
        seconds, _ = inside(root, "bash /autograder/source/setup.sh", wheels)
        found[assignment] = {"bundle_kib": size, "setup_seconds": seconds}
        found[assignment] |= {"python_mib": mib(root / "autograder" / "python")}
        found[assignment] |= {"image_mib": mib(root), "base_mib": before}
        if not grade:
            continue
        seconds, peak = inside(root, "cd /autograder && ./run_autograder", wheels)
        result = json.loads((root / "autograder/results/results.json").read_text("utf-8"))
        maximum = sum(test["max_score"] for test in result["tests"])
        found[assignment] |= {"seconds": seconds, "memory_mib": peak.mib, "processes": peak.count}
        found[assignment] |= {"score": result["score"], "maximum": maximum}
    return found


def report(found: dict[str, dict[str, float]], torch: str) -> str:
    """The result in Markdown."""
    head = ("what", *ASSIGNMENTS)
    names = {
        "bundle_kib": "the zip, KiB",
        "setup_seconds": "`setup.sh`, s (the second finds what the first installed)",
        "base_mib": "Debian's minimal root, MiB",
        "python_mib": "Python's environment, MiB",
        "image_mib": "the root with all of it, MiB",
        "seconds": "`run_autograder` on the solution, s",
        "memory_mib": f"its memory at the peak, MiB (Gradescope's default: {MEMORY_MIB})",
        "processes": "processes at that moment",
        "score": "points given",
        "maximum": "points for code",
    }
    rows = [
        (text, *(f"{found[assignment][name]:.5g}" for assignment in ASSIGNMENTS))
        for name, text in names.items()
        if name in found[ASSIGNMENTS[0]]
    ]
    return (
        f"# Gradescope's bundle\n\n{__doc__ or ''}\n{describe()}; load {load()}. PyTorch in the "
        f"root: {torch}. Memory is the sum of the processes' proportional set sizes.\n\n"
        f"{markdown_table(head, rows)}\n"
    )


def main(
    root: Annotated[Path, typer.Argument(help="Folder of the root; made if it is not there.")],
    suite: Annotated[str, typer.Option(help="Debian's release.")] = "bookworm",
    mirror: Annotated[str | None, typer.Option(help="Else debootstrap's default.")] = None,
    wheels: Annotated[Path | None, typer.Option(help="Wheels that pip may use.")] = None,
    torch: Annotated[str | None, typer.Option(help="In place of the lock's version.")] = None,
    torchvision: Annotated[str | None, typer.Option(help="The same for torchvision.")] = None,
    grade: Annotated[bool, typer.Option(help="Grade too, or set up only.")] = True,
    keep: Annotated[bool, typer.Option("--record", help="Write benchmarks/bundle.md.")] = False,
) -> None:
    """Measures the bundle's set-up and one grading in a minimal root."""
    seconds = make_root(root.resolve(), suite, mirror)
    print(f"debootstrap: {seconds:.0f} s")
    found = measure(root.resolve(), wheels, torch, torchvision, grade)
    text = report(found, torch or "as in requirements.lock")
    print(text)
    if keep:
        record("bundle", {"torch": torch, "found": found}, text)


if __name__ == "__main__":
    typer.run(main)
