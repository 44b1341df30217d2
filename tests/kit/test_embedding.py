"""From words to embeddings, and what is said about words that the model does not know."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from kit import KitError, embed, precompute_embeddings
from kit.paths import MINIATURE
from kit.vocabulary import describe_unknown, known_names
from safetensors.torch import save_file


def test_each_prompt_gets_its_embeddings(tiny: Any) -> None:
    """One (1, 77, d) tensor a prompt, as the pipeline itself embeds it."""
    found = embed(["a rocket", ""], tiny)
    assert list(found) == ["a rocket", ""]
    assert all(value.shape == (1, 77, 32) for value in found.values())
    wanted, negative = tiny.encode_prompt("a rocket")
    assert torch.equal(found["a rocket"], wanted)
    assert torch.equal(found[""], negative)


def test_one_prompt_needs_no_list(tiny: Any) -> None:
    assert list(embed("a rocket", tiny)) == ["a rocket"]


def test_without_a_pipeline_the_default_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_STAGE_1", "tiny")
    assert embed("a rocket")["a rocket"].shape == (1, 77, 32)


def test_an_empty_list_is_an_error(tiny: Any) -> None:
    with pytest.raises(KitError, match="list of prompts is empty"):
        embed([], tiny)


def test_a_prompt_is_a_string(tiny: Any) -> None:
    with pytest.raises(KitError, match=r"must be a string, not int \(7\)"):
        embed(["a rocket", 7], tiny)  # type: ignore[list-item]


def test_known_words_pass_in_silence(tiny: Any) -> None:
    """Styles, names and colours of the miniature's card, whatever their capitals."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        embed(["A flat emoji of a top hat on a light blue background", "a 3d emoji, a house"], tiny)


def test_unknown_words_are_named_with_their_neighbours(tiny: Any) -> None:
    with pytest.warns(UserWarning, match=r"'rokcet' \(nearest: rocket.*'qzxw' \(nothing near\)"):
        embed("a rokcet and a qzxw", tiny)


def test_neighbours_are_names_that_the_model_knows() -> None:
    """A near word brings names with it, but only those of which every word is known."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(MINIATURE / "tokenizer")
    told = describe_unknown(tokenizer, "mountainn")
    assert "mountain" in told
    assert len(known_names()) == 1408
    known = set(tokenizer.get_vocab())
    names = [name for name in known_names() if "mountain" in name.split()]
    assert any(name in told for name in names if known.issuperset(name.split()))


def test_a_prompt_of_10000_words_is_cut_with_a_warning(tiny: Any) -> None:
    """The first 76 words and the end token are read; the rest is said to be ignored."""
    with pytest.warns(UserWarning, match="10000 words and the model reads 77 tokens"):
        found = embed(["rocket " * 10_000], tiny)
    wanted, _ = tiny.encode_prompt(" ".join(["rocket"] * 76))
    assert torch.equal(next(iter(found.values())), wanted)


def test_many_unknown_words_make_one_short_warning(tiny: Any) -> None:
    with pytest.warns(UserWarning, match=r"and \d+ more") as caught:
        embed(" ".join(f"zz{number}zz" for number in range(60)), tiny)
    assert len(str(caught[0].message)) < 1000


@pytest.fixture
def stored() -> dict[str, torch.Tensor]:
    return {"a rocket": torch.ones(1, 77, 32).half(), "": torch.zeros(1, 77, 32).half()}


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_precomputed_embeddings_are_read(
    deepfloyd: Any, tmp_path: Path, stored: dict[str, torch.Tensor], suffix: str
) -> None:
    """Both formats, brought to the UNet's precision."""
    file = tmp_path / f"prompts{suffix}"
    if suffix == ".pth":
        torch.save(stored, file)
    else:
        save_file(stored, file)
    found = embed(["", "a rocket"], deepfloyd, embeddings=file)
    assert torch.equal(found["a rocket"], torch.ones(1, 77, 32))
    assert found[""].dtype == torch.float32


def test_a_pipeline_without_encoder_asks_for_the_file(deepfloyd: Any) -> None:
    with pytest.raises(KitError, match=r"no text encoder.*embeddings="):
        embed("a rocket", deepfloyd)


def test_a_prompt_that_was_not_precomputed_is_named(
    deepfloyd: Any, tmp_path: Path, stored: dict[str, torch.Tensor]
) -> None:
    torch.save(stored, tmp_path / "p.pth")
    with pytest.raises(KitError, match=r"no embeddings of \['a dog'\]; it has \['', 'a rocket'\]"):
        embed("a dog", deepfloyd, embeddings=tmp_path / "p.pth")


def test_embeddings_of_another_shape_are_refused(deepfloyd: Any, tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(77, 32)}, tmp_path / "p.pth")
    with pytest.raises(KitError, match=r"'a' is \(77, 32\)"):
        embed("a", deepfloyd, embeddings=tmp_path / "p.pth")


def test_a_missing_or_damaged_file_is_named(deepfloyd: Any, tmp_path: Path) -> None:
    with pytest.raises(KitError, match="no file"):
        embed("a", deepfloyd, embeddings=tmp_path / "none.pth")
    for name in ("p.pth", "p.safetensors"):
        (tmp_path / name).write_bytes(b"not embeddings")
        with pytest.raises(KitError, match="cannot be read as embeddings"):
            embed("a", deepfloyd, embeddings=tmp_path / name)
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(KitError, match="holds a list"):
        embed("a", deepfloyd, embeddings=tmp_path / "list.pth")


class Bomb:
    """A pickle that would run code when loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("code ran",))


def test_a_pickle_does_not_run_code(
    deepfloyd: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Embeddings come from the web: only tensors are unpickled."""
    torch.save({"a": Bomb()}, tmp_path / "p.pth")
    with pytest.raises(KitError, match="cannot be read"):
        embed("a", deepfloyd, embeddings=tmp_path / "p.pth")
    assert "code ran" not in capsys.readouterr().out


def test_prompts_are_embedded_once_for_a_pipeline_without_encoder(
    tiny: Any, tiny_directory: Path, deepfloyd: Any, tmp_path: Path
) -> None:
    """The file holds what the text encoder gives, and the empty prompt too."""
    file = precompute_embeddings("a rocket", tmp_path / "p.safetensors", tiny_directory)
    found = embed(["a rocket", ""], deepfloyd, embeddings=file)
    for prompt, wanted in embed(["a rocket", ""], tiny).items():
        torch.testing.assert_close(found[prompt], wanted, atol=1e-2, rtol=1e-2)


def test_precomputing_overwrites_nothing(tiny_directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "p.safetensors"
    file.write_text("mine")
    with pytest.raises(KitError, match="is there already"):
        precompute_embeddings("a rocket", file, tiny_directory)
    assert file.read_text() == "mine"


def test_precomputing_says_what_is_missing(
    tiny_directory: Path, deepfloyd_directory: Path, tmp_path: Path
) -> None:
    """A name, an encoder, a package for 8 bit."""
    with pytest.raises(KitError, match=r"\*\.safetensors, not 'p\.pth'"):
        precompute_embeddings("a", tmp_path / "p.pth", tiny_directory)
    with pytest.raises(KitError, match="has no text encoder"):
        precompute_embeddings("a", tmp_path / "p.safetensors", deepfloyd_directory)
    if importlib.util.find_spec("bitsandbytes") is None:
        with pytest.raises(KitError, match="pip install bitsandbytes"):
            precompute_embeddings("a", tmp_path / "p.safetensors", tiny_directory, eight_bit=True)


def test_a_full_disk_leaves_no_half_file(
    tiny_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try finds its name free."""

    def full(_found: Any, file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(KitError, match=r"No space left on device.*free space"):
        precompute_embeddings("a rocket", tmp_path / "p.safetensors", tiny_directory)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KitError, match="no folder"):
        precompute_embeddings("a rocket", tmp_path / "none" / "p.safetensors", tiny_directory)


def test_a_warning_points_to_the_caller(tiny: Any) -> None:
    """At the student's line, not at one of the kit."""
    with pytest.warns(UserWarning, match="rokcet") as caught:
        embed("a rokcet", tiny)
    assert caught[0].filename == __file__
