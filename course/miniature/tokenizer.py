"""The tokenizer: one token a word; the same in Python and as transformers' `tokenizer.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .captions import words_of
from .text_encoder import END, PAD, UNKNOWN

LENGTH = 77
"""Tokens of a prompt, padding included, as `IFPipeline` asks for."""


class Tokenizer:
    """Turns texts into numbers of words.

    Attributes:
        words: The vocabulary: padding, end and unknown first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = list(words)
        self._numbers = {word: number for number, word in enumerate(words)}

    def ids(self, text: str) -> list[int]:
        """Numbers of the words of a text, without end and padding."""
        return [self._numbers.get(word, UNKNOWN) for word in words_of(text)]

    def knows(self, text: str) -> bool:
        """Whether all words of a text are in the vocabulary."""
        return UNKNOWN not in self.ids(text)

    def padded(self, text: str) -> list[int]:
        """The 77 numbers that the text encoder gets for a prompt."""
        ids = [*self.ids(text)[: LENGTH - 1], END]
        return ids + [PAD] * (LENGTH - len(ids))

    def as_json(self) -> dict[str, Any]:
        """The same as the content of `tokenizer.json`."""
        special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        replaced = {",": " ", "-": " ", ":": " ", ".": " ", "’": "'"}
        steps: list[dict[str, Any]] = [{"type": "Lowercase"}]
        steps += [
            {"type": "Replace", "pattern": {"String": old}, "content": new}
            for old, new in replaced.items()
        ]
        end = {"SpecialToken": {"id": "</s>", "type_id": 0}}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                {"id": number, "content": self.words[number], **special, "special": True}
                for number in (PAD, END, UNKNOWN)
            ],
            "normalizer": {"type": "Sequence", "normalizers": steps},
            "pre_tokenizer": {"type": "WhitespaceSplit"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [{"Sequence": {"id": "A", "type_id": 0}}, end],
                "pair": [
                    {"Sequence": {"id": "A", "type_id": 0}},
                    {"Sequence": {"id": "B", "type_id": 1}},
                ],
                "special_tokens": {"</s>": {"id": "</s>", "ids": [END], "tokens": ["</s>"]}},
            },
            "decoder": None,
            "model": {"type": "WordLevel", "vocab": self._numbers, "unk_token": "<unk>"},
        }
