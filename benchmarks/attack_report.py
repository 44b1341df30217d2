"""Puts the recorded attacks into Markdown: counts, what each level cannot stop, every attack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

INTRODUCTION = """# Attacks on the grader

Written by `python -m benchmarks.attacks --level LEVEL --record`. Every attack is a real answer
(`tests/attacks/corpus/`), graded as any other. It is repelled where it gets exactly the points of
its honest part, leaves no file, process or datagram outside of its sandbox, carries no words of its
own into the result, and the next answer is graded as if nothing had been. An attack that gains no
point by itself gives the right answer only if it got what it was after, so points measure both.
"""

LIMITS = """## What the levels cannot stop

- **strict**: an answer that is right is right: whoever copies it, or has it written, gets its
  points. A worker shares the kernel with the grader, so a hole of the kernel is a hole of the jail;
  a virtual machine around the grader closes it. Resource limits bound one worker, not the class:
  an answer may use its seconds and its memory to the last. A grader that runs as root has its
  number of threads watched twice a second rather than limited by the kernel.
  The message of a check may quote numbers that the answer returned, so a few digits about a hidden
  input can reach the student with each graded submission.
- **landlock**: files outside of Python's are out of reach, as are sockets and other processes, but
  processes and mounts are seen from the host's namespaces: an answer can tell what else runs.
  Landlock can only allow folders, so packages that a jail hides (diffusers) can be imported.
  Attacks that would harm the host if it failed were left out.
- **process**: limits on time, memory and size only. The hidden checks and values are in another
  process, so comparison, frames, patches and forged frames gain nothing; but an answer has the
  rights of the grader's user. It can read the reference, other submissions and the gradebook if it
  finds them, write there, read the environment and memory of other processes, use the network,
  import diffusers, kill what that user runs, and fill disks and files that live in memory. Attacks
  that would harm the host were left out. Use this level for your own answers, or in a container
  that holds nothing else.
- **GPU workers**, at each level: the driver is shared, so a hole of the driver is one of the
  sandbox. Memory of the card is looked at twice a second, so an answer may hold more than its limit
  for half a second; it is then ended, and its neighbours on the card may have failed for want of
  memory. CUDA does not start without a socket to listen on: it may make one of this host only, and
  connect it to nothing. At level landlock it also needs the nodes of every card that the driver
  knows, so an answer can use another card than its own; in a jail the others are not there.
"""


def report(levels: Mapping[str, Rows]) -> str:
    """The whole report.

    Args:
        levels: Rows (fields of `benchmarks.attacks.Row`) by isolation level, strongest first.
    """
    parts = [INTRODUCTION, _counts(levels), LIMITS, _every(levels)]
    return "\n".join(parts)


def _counts(levels: Mapping[str, Rows]) -> str:
    lines = ["| class | attacks | " + " | ".join(levels) + " |", "|---|---|" + "---|" * len(levels)]
    first = next(iter(levels.values()))
    for kind in [*dict.fromkeys(row["kind"] for row in first), "all"]:
        cells = []
        for rows in levels.values():
            own = [row for row in rows if kind in (row["kind"], "all")]
            counts = Counter(row["verdict"] for row in own)
            cells.append(", ".join(f"{count} {what}" for what, count in counts.most_common()))
        number = sum(kind in (row["kind"], "all") for row in first)
        lines.append(f"| {kind} | {number} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _every(levels: Mapping[str, Rows]) -> str:
    lines = ["## Every attack", ""]
    head = " | ".join(f"got at {level}" for level in levels)
    lines += [
        f"| attack | what it tries | deserved | {head} |",
        "|---|---|---|" + "---|" * len(levels),
    ]
    found = {level: {row["slug"]: row for row in rows} for level, rows in levels.items()}
    for row in next(iter(levels.values())):
        cells = [_cell(rows.get(row["slug"])) for rows in found.values()]
        deserved = f"{row['expected']:g} of {row['points']:g}"
        lines.append(
            f"| {row['kind']}: {row['slug']} | {row['tries']} | {deserved} | "
            + " | ".join(cells)
            + " |"
        )
    return "\n".join(lines) + "\n"


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not run"
    if row["got"] is None:
        return f"left out: {row['note']}"
    if row["verdict"] == "repelled":
        return f"{row['got']:g}, {row['note']}"
    return f"**{row['got']:g}, {row['note']}**"
