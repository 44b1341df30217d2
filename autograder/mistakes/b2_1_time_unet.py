"""Known mistakes in `TimeConditionalUNet`."""

from __future__ import annotations

from autograder.bank import Mistake

BOTTOM = "self.unflatten(self.flatten(e3)) + t1"
UP1 = "self.up1(torch.cat([unflatten, e3], dim=1)) + t2"
BOTH = "Where time conditions the DDPM version adds; only the flow-matching version multiplies."

MISTAKES = (
    Mistake(
        "time-multiplied",
        "The time's outputs are multiplied with unflatten and up1, not added.",
        BOTH,
        ((BOTTOM, BOTTOM.replace("+ t1", "* t1")), (UP1, UP1.replace("+ t2", "* t2"))),
    ),
    Mistake(
        "time-added-after-concat",
        "The time is added after the concatenation, so that it shifts the skip as well.",
        "Add it to unflatten and to up1 themselves, then concatenate.",
        (
            (BOTTOM, "self.unflatten(self.flatten(e3))"),
            (UP1, "self.up1(torch.cat([unflatten + t1, e3 + t1], dim=1))"),
            (
                "self.up2(torch.cat([up1, e2], dim=1))",
                "self.up2(torch.cat([up1 + t2, e2 + t2], dim=1))",
            ),
        ),
    ),
    Mistake(
        "time-only-at-bottom",
        "The time is added to unflatten, but not to up1.",
        "There are two FCBlocks and two places.",
        ((UP1, "self.up1(torch.cat([unflatten, e3], dim=1))"),),
    ),
    Mistake(
        "time-only-at-up1",
        "The time is added to up1, but not to unflatten.",
        "There are two FCBlocks and two places.",
        ((BOTTOM, "self.unflatten(self.flatten(e3))"),),
    ),
    Mistake(
        "time-ignored",
        "The FCBlocks are there, but their outputs are not used.",
        "Add them to unflatten and to up1.",
        (
            (BOTTOM, "self.unflatten(self.flatten(e3))"),
            (UP1, "self.up1(torch.cat([unflatten, e3], dim=1))"),
        ),
    ),
    Mistake(
        "time-of-first-picture",
        "All pictures of a batch get the time of the first.",
        "Keep the batch dimension: FCBlock takes (N, 1), and its output becomes (N, C, 1, 1).",
        (
            ("t1 = self.fc1_t(t.view(-1, 1))", "t1 = self.fc1_t(t[:1].view(-1, 1))"),
            ("t2 = self.fc2_t(t.view(-1, 1))", "t2 = self.fc2_t(t[:1].view(-1, 1))"),
        ),
    ),
    Mistake(
        "time-normalised-again",
        "The time is divided once more inside the net.",
        "t comes in divided by T already.",
        (
            ("t1 = self.fc1_t(t.view(-1, 1))", "t1 = self.fc1_t(t.view(-1, 1) / 400)"),
            ("t2 = self.fc2_t(t.view(-1, 1))", "t2 = self.fc2_t(t.view(-1, 1) / 400)"),
        ),
    ),
    Mistake(
        "time-on-one-layer",
        "The time goes through one linear layer, not through an FCBlock.",
        "An FCBlock is Linear, GELU, Linear.",
        (("FCBlock(1, 2 * d)", "nn.Linear(1, 2 * d)"), ("FCBlock(1, d)", "nn.Linear(1, d)")),
    ),
    Mistake(
        "last-layer-with-norm-and-gelu",
        "The last layer is a Conv, with BatchNorm and GELU, not a bare convolution.",
        "A GELU never gives less than -0.17, so noise could not be predicted.",
        (
            (
                "nn.Conv2d(d, in_channels, kernel_size=3, stride=1, padding=1)",
                "Conv(d, in_channels)",
            ),
        ),
    ),
)
