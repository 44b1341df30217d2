"""The numbers of a reproduction as a page."""

from __future__ import annotations

from typing import Any

from .ddpm import SCALES


def markdown(numbers: dict[str, Any]) -> str:
    """The page `benchmarks/part_b.md` from the numbers of a run."""
    run, denoiser, judge = numbers["run"], numbers["denoiser"], numbers["judge"]
    lines = [
        "# Part B, reproduced",
        "",
        f"`course reproduce --preset {run['preset']}`, {run['digits']}, on {run['device']}. "
        "One run; times include the samples drawn after some epochs.",
        "",
        f"- Classifier that judges samples: {judge['test_accuracy']:.2%} on the test set.",
        f"- Denoiser, sigma 0.5: test MSE after each of {denoiser['epochs']} epochs "
        + ", ".join(f"{value:.5f}" for value in denoiser["test_mse"])
        + f"; {denoiser['seconds']} s.",
        "",
        "| network | T | epochs | training | loss in the last epoch |",
        "|---|---|---|---|---|",
    ]
    nets = {"time only": numbers["time"], "class-conditioned": numbers["class"]}
    also = {key: n for key, n in numbers.get("also", {}).items() if key.isdigit()}
    nets |= {f"class-conditioned, T = {num_ts}": n for num_ts, n in also.items()}
    for name, n in nets.items():
        lines.append(
            f"| {name} | {n['num_ts']} | {n['epochs']} | {n['train_seconds']} s "
            f"| {n['last_epoch_loss']:.4f} |"
        )
    return "\n".join([*lines, "", *_guidance(nets, numbers), *_embedded(numbers), ""])


def _guidance(nets: dict[str, dict[str, Any]], numbers: dict[str, Any]) -> list[str]:
    stride = numbers["run"].get("sample_stride", 1)
    lines = [
        *([f"Drawn with every {stride}th timestep only.", ""] if stride > 1 else []),
        "Samples judged by the classifier: share that is the digit asked for; Fréchet distance to "
        "the test set in the classifier's features; time to draw them all.",
        "",
        "| network | T | guidance | right | Fréchet | drawn in |",
        "|---|---|---|---|---|---|",
    ]
    for name, n in nets.items():
        if "plain frechet" in n:
            lines.append(
                f"| {name} | {n['num_ts']} | – | – | {n['plain frechet']:.2f} "
                f"| {n['plain seconds']} s |"
            )
            continue
        for scale in SCALES:
            key = f"guidance {scale:g}"
            lines.append(
                f"| {name} | {n['num_ts']} | {scale:g} | {n[f'{key} right']:.1%} "
                f"| {n[f'{key} frechet']:.2f} | {n[f'{key} seconds']} s |"
            )
    return lines


def _embedded(numbers: dict[str, Any]) -> list[str]:
    if "embedded" not in numbers:
        return []
    n = numbers["embedded"]
    return [
        "",
        f"Embedded digits: {n['drawn']} drawn at guidance {n['guidance_scale']}, {n['agreed']} "
        "read by the classifier as the digit asked for; a classifier trained on these alone: "
        f"{n['accuracy_on_test']:.2%} on the test set.",
    ]
