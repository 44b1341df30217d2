"""How large a reproduction is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """Sizes of a run.

    Attributes:
        digits: Training digits that are used; 0 for all.
        denoiser_hiddens: D of the denoiser.
        denoiser_epochs: Its epochs.
        hiddens: D of the DDPM's networks.
        time_epochs: Epochs of the time-only network.
        class_epochs: Epochs of the class-conditioned network.
        show_epochs: Epochs after which samples are drawn.
        num_ts: Timesteps T of the report.
        also_num_ts: Further T that the class-conditioned network is trained with.
        judge_epochs: Epochs of the classifier.
        samples: Samples of the class-conditioned network that are judged.
        embedded: Digits to draw for the embedded set; 0 for none.
        test_digits: Test digits that are used; 0 for all.
        batch: Pictures in a batch of the DDPM's training; the denoiser's are twice as large.
        at_once: Most samples that are drawn at a time.
        sample_stride: Draws with every so many of the timesteps only.
        trust_judge: Leaves digits out of the embedded set that the classifier reads otherwise.
    """

    digits: int
    denoiser_hiddens: int
    denoiser_epochs: int
    hiddens: int
    time_epochs: int
    class_epochs: int
    show_epochs: tuple[int, ...]
    num_ts: int = 400
    also_num_ts: tuple[int, ...] = ()
    judge_epochs: int = 8
    samples: int = 1000
    embedded: int = 0
    test_digits: int = 0
    batch: int = 128
    at_once: int = 2000
    sample_stride: int = 1
    trust_judge: bool = True


PRESETS = {
    # Two CPU cores, a few minutes, digits that a person recognises.
    "quick": Preset(
        digits=8192,
        denoiser_hiddens=16,
        denoiser_epochs=5,
        hiddens=32,
        time_epochs=3,
        class_epochs=6,
        show_epochs=(1, 3, 6),
        judge_epochs=2,
        samples=60,
        # Four times the steps of the course's batches for the same work.
        batch=32,
        sample_stride=4,
    ),
    # One GPU: the report's own settings.
    "full": Preset(
        digits=0,
        denoiser_hiddens=128,
        denoiser_epochs=5,
        hiddens=64,
        time_epochs=20,
        class_epochs=20,
        show_epochs=(1, 5, 20),
        also_num_ts=(300,),
        embedded=10_000,
    ),
    # For tests: everything runs, nothing is learned.
    "smoke": Preset(
        digits=64,
        denoiser_hiddens=4,
        denoiser_epochs=2,
        hiddens=4,
        time_epochs=1,
        class_epochs=2,
        show_epochs=(1, 2),
        num_ts=6,
        judge_epochs=1,
        samples=20,
        embedded=20,
        test_digits=50,
        trust_judge=False,
    ),
}
