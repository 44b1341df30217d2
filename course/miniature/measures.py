"""What a model can do, measured on names and seeds that its training did not choose."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from kit.vocabulary import describe_unknown
from torch import Tensor

from .captions import GENERIC
from .judge import Judge, look, low_pass
from .names import SEED, draw_pairs, draw_sets, known, thing
from .pack import STYLE_WORDS, Pack
from .painter import Painter
from .split import is_held_out

Say = Callable[[str], None]


@dataclass(frozen=True)
class Amount:
    """How much is drawn.

    Attributes:
        scales: Guidance scales of the recognition by scale.
        sets: Sets of random names.
        set_size: Names a set.
        most: Largest number of names for top-1 of all names, and of held-out pairs.
        pairs: Pairs of names for anagrams, and as many for hybrids.
        tries: Seeds a pair.
        copies: Samples a kind that are compared with their nearest training pictures.
        stride: Distance of the strided timesteps; 30 is the course's.
    """

    scales: tuple[float, ...] = (0, 1, 3, 5, 7, 9)
    sets: int = 4
    set_size: int = 100
    most: int = 1408
    pairs: int = 200
    tries: int = 8
    copies: int = 128
    stride: int = 30


QUICK = Amount((1, 7), 1, 20, 20, 4, 2, 8)


@dataclass(frozen=True)
class Bench:
    """What every measure needs.

    Attributes:
        painter: Draws samples of the model.
        full: Judge of whole pictures.
        near: Judge of high frequencies.
        pack: The pictograms.
        amount: How much is drawn.
        say: Told a line after each measure.
    """

    painter: Painter
    full: Judge
    near: Judge
    pack: Pack
    amount: Amount
    say: Say = lambda _line: None

    def thing(self, name: str) -> str:
        """A name with its article, as the model has read it."""
        return thing(self.painter.stage_1, name)

    def knows(self, prompt: str) -> bool:
        """Whether the model knows every word of a prompt."""
        return not describe_unknown(self.painter.stage_1.tokenizer, prompt)

    @property
    def names(self) -> list[str]:
        """Names whose every word the model knows and that the judges know."""
        return [n for n in known(self.painter.stage_1, self.pack.names) if n in self.full.names]


def percent(right: Tensor) -> float:
    """Share of what is right, in percent."""
    return round(100 * float(right.float().mean()), 2)


def recognition(bench: Bench) -> dict[str, Any]:
    """Random names, each in one of the styles that it is drawn in, at all guidance scales."""
    drawn_in: dict[str, list[str]] = {}
    for style, name in zip(bench.pack.styles, bench.pack.names, strict=True):
        if not is_held_out(style, name):
            drawn_in.setdefault(name, []).append(style)
    draw = random.Random(SEED + 2)
    sets = draw_sets(bench.names, bench.amount.sets, bench.amount.set_size)
    prompts = [
        f"a {STYLE_WORDS[draw.choice(sorted(drawn_in[name]))]} of {bench.thing(name)}"
        for names in sets
        for name in names
    ]
    found: dict[str, Any] = {"scales": list(bench.amount.scales), "among_set": [], "top_1": []}
    for scale in bench.amount.scales:
        verdict = look(bench.full, bench.painter.guided(prompts, SEED, scale))
        among, start = [], 0
        for names in sets:
            part = type(verdict)(verdict.logits[start : start + len(names)], verdict.names)
            among.append(part.right(names, names))
            start += len(names)
        found["among_set"].append(percent(torch.cat(among)))
        found["top_1"].append(percent(verdict.right([n for names in sets for n in names])))
        bench.say(f"guidance {scale:g}: {found['among_set'][-1]} % among the set")
    return found | {"sets": len(sets), "set_size": len(sets[0])}


def generic(bench: Bench) -> dict[str, Any]:
    """The generic prompt at all guidance scales: how sure the judge is of what it sees.

    The mean of the largest probability that it gives to any name: vague pictures get little.
    """
    prompt = next((p for p in (*GENERIC, "a 3d emoji") if bench.knows(p)), "")
    sure = []
    for scale in bench.amount.scales:
        images = bench.painter.guided([prompt] * bench.amount.copies, SEED, scale)
        chances = look(bench.full, images).logits.softmax(1).amax(1)
        sure.append(round(100 * float(chances.mean()), 1))
    return {"prompt": prompt, "scales": list(bench.amount.scales), "sure": sure}


def all_names(bench: Bench) -> dict[str, Any]:
    """One sample of every name that the model knows: is it the first of all names?"""
    names = random.Random(SEED + 3).sample(bench.names, min(bench.amount.most, len(bench.names)))
    verdict = look(bench.full, bench.painter.guided([bench.thing(name) for name in names], SEED))
    return {"names": len(names), "top_1": percent(verdict.right(names))}


def held_out(bench: Bench) -> dict[str, Any]:
    """Pairs of style and name that are not trained on: samples, and the real pictures.

    Empty if the model knows no such pair.
    """
    names, pack = set(bench.names), bench.pack
    chosen = [
        number
        for number, pair in enumerate(zip(pack.styles, pack.names, strict=True))
        if is_held_out(*pair) and pair[1] in names
    ][: bench.amount.most]
    if not chosen:
        return {}
    wanted = [pack.names[number] for number in chosen]
    prompts = [f"a {STYLE_WORDS[pack.styles[n]]} of {bench.thing(pack.names[n])}" for n in chosen]
    samples = look(bench.full, bench.painter.guided(prompts, SEED))
    real = look(bench.full, on_white(pack, chosen))
    return {
        "pairs": len(chosen),
        "top_1": percent(samples.right(wanted)),
        "real_top_1": percent(real.right(wanted)),
    }


def anagrams(bench: Bench) -> dict[str, Any]:
    """Two random names in one picture, upright and upside down, recognised among the set."""
    names, pairs = draw_pairs(bench.names, bench.amount.pairs, bench.amount.set_size)
    prompts = [(bench.thing(upright), bench.thing(flipped)) for upright, flipped in pairs]
    both = []
    for number in range(bench.amount.tries):
        images = bench.painter.anagrams(prompts, SEED + number)
        upright = look(bench.full, images).right([pair[0] for pair in pairs], names)
        flipped = look(bench.full, images.flip(dims=[2])).right([pair[1] for pair in pairs], names)
        both.append(upright & flipped)
    return _tries(torch.stack(both))


def hybrids(bench: Bench) -> dict[str, Any]:
    """Two random names in one picture: the blurred view, and the high frequencies."""
    names, pairs = draw_pairs(bench.names, bench.amount.pairs, bench.amount.set_size)
    prompts = [(bench.thing(far), bench.thing(near)) for far, near in pairs]
    far, near = [], []
    for number in range(bench.amount.tries):
        images = bench.painter.hybrids(prompts, SEED + number)
        far.append(look(bench.full, low_pass(images)).right([pair[0] for pair in pairs], names))
        near.append(look(bench.near, images).right([pair[1] for pair in pairs], names))
    chosen = random.Random(SEED + 4).sample(
        range(len(bench.pack.names)), min(1000, len(bench.pack.names))
    )
    real, wanted = on_white(bench.pack, chosen), [bench.pack.names[n] for n in chosen]
    return _tries(torch.stack(far) & torch.stack(near)) | {
        "far": percent(far[0]),
        "near": percent(near[0]),
        "real_far_top_1": percent(look(bench.full, low_pass(real)).right(wanted)),
        "real_near_top_1": percent(look(bench.near, real).right(wanted)),
    }


def _tries(right: Tensor) -> dict[str, Any]:
    """Sum up tries, (tries, pairs)."""
    return {
        "pairs": right.shape[1],
        "first": percent(right[0]),
        "any": percent(right.any(0)),
        "tries": right.shape[0],
        "every_try": percent(right),
    }


def on_white(pack: Pack, chosen: list[int]) -> Tensor:
    """Pictograms on white, (N, 3, 64, 64), in [-1, 1]."""
    rgba = pack.rgba[torch.tensor(chosen)].float() / 255
    return 2 * (rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:]) - 1
