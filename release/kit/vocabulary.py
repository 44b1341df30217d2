"""The words that the miniature knows, and the nearest ones to those it does not."""

from __future__ import annotations

import difflib
import re
from functools import cache
from typing import Any

from .paths import VOCABULARY


@cache
def known_names() -> tuple[str, ...]:
    """Return the names of things in the pictures that the miniature learned from, sorted."""
    lines = VOCABULARY.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def describe_unknown(tokenizer: Any, prompt: str) -> str:
    """Say which words of a prompt the model does not know, and the nearest that it does.

    Args:
        tokenizer: The pipeline's tokenizer. One of word pieces, as DeepFloyd's, knows every word.
        prompt: The prompt.

    Returns:
        One line, empty if all words are known.
    """
    words = [word.strip(".!?;\"'()") for word in re.split(r"[\s,:-]+", prompt.lower())]
    unknown = [word for word in dict.fromkeys(words) if word and _is_unknown(tokenizer, word)]
    if not unknown:
        return ""
    vocabulary = [word for word in tokenizer.get_vocab() if not word.startswith("<")]
    told = "; ".join(f"{word!r}{_nearest(word, vocabulary)}" for word in unknown[:10])
    more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
    return f"{prompt[:60]!r} has words that this model does not know: {told}{more}"


def _is_unknown(tokenizer: Any, word: str) -> bool:
    ids = tokenizer(word, padding=False, add_special_tokens=False)["input_ids"]
    return tokenizer.unk_token_id in ids


def _nearest(word: str, vocabulary: list[str]) -> str:
    near = difflib.get_close_matches(word, vocabulary, n=3, cutoff=0.6)
    known = set(vocabulary)
    if near:
        names = [
            name
            for name in known_names()
            if near[0] in name.split() and known.issuperset(re.split(r"[\s,:-]+", name))
        ]
        near = list(dict.fromkeys([*near, *names[:2]]))
    return f" (nearest: {', '.join(near)})" if near else " (nothing near)"
