"""Known mistakes in `UnconditionalUNet`."""

from __future__ import annotations

from autograder.bank import Mistake

LAST = "nn.Conv2d(d, in_channels, kernel_size=3, stride=1, padding=1)"
OUT = "self.last(self.conv_out(torch.cat([up2, e1], dim=1)))"

MISTAKES = (
    Mistake(
        "last-layer-with-norm-and-gelu",
        "The last layer is a Conv, with BatchNorm and GELU, not a bare convolution.",
        "A GELU never gives less than -0.17, so noise could not be predicted.",
        ((LAST, "Conv(d, in_channels)"),),
    ),
    Mistake(
        "last-layer-with-gelu",
        "A GELU follows the last convolution.",
        "A GELU never gives less than -0.17, so noise could not be predicted.",
        ((OUT, f"F.gelu({OUT})"),),
    ),
    Mistake(
        "last-layer-with-sigmoid",
        "A sigmoid follows the last convolution.",
        "It keeps the output between 0 and 1; the net must be free to leave that range.",
        ((OUT, f"torch.sigmoid({OUT})"),),
    ),
    Mistake(
        "first-layer-single",
        "The first block is a Conv, not a ConvBlock.",
        "A ConvBlock is two Convs in a row.",
        (
            (
                "ConvBlock(in_channels, d)\n        self.down1",
                "Conv(in_channels, d)\n        self.down1",
            ),
        ),
    ),
    Mistake(
        "last-block-single",
        "The block before the last convolution is a Conv, not a ConvBlock.",
        "A ConvBlock is two Convs in a row.",
        (("self.conv_out = ConvBlock(2 * d, d)", "self.conv_out = Conv(2 * d, d)"),),
    ),
    Mistake(
        "down-without-blocks",
        "The way down is made of DownConvs, not of DownBlocks.",
        "A DownBlock is a DownConv followed by a ConvBlock.",
        (("DownBlock(d, d)", "DownConv(d, d)"), ("DownBlock(d, 2 * d)", "DownConv(d, 2 * d)")),
    ),
    Mistake(
        "up1-skips-its-input",
        "The first UpBlock gets unflatten twice and e3 never.",
        "The skip brings e3 beside what came up from the bottom.",
        (("torch.cat([unflatten, e3], dim=1)", "torch.cat([unflatten, unflatten], dim=1)"),),
    ),
    Mistake(
        "without-bottom",
        "Flatten and Unflatten are left out of the forward pass: e3 goes straight on.",
        "e3 goes through both, and the result meets e3 again in the concat.",
        (("self.unflatten(self.flatten(e3))", "e3"),),
    ),
    Mistake(
        "up2-without-skip",
        "The second UpBlock gets up1 twice and e2 never.",
        "The skip brings e2 beside up1.",
        (("torch.cat([up1, e2], dim=1)", "torch.cat([up1, up1], dim=1)"),),
    ),
    Mistake(
        "output-without-skip",
        "The last block gets up2 twice and e1 never.",
        "The skip brings e1 beside up2.",
        (("torch.cat([up2, e1], dim=1)", "torch.cat([up2, up2], dim=1)"),),
    ),
    Mistake(
        "skips-added",
        "Skips are added, and not concatenated.",
        "torch.cat(..., dim=1) doubles the channels that the next block takes.",
        (
            ("UpBlock(4 * d, d)", "UpBlock(2 * d, d)"),
            (
                "UpBlock(2 * d, d)\n        self.conv_out = ConvBlock(2 * d, d)",
                "UpBlock(d, d)\n        self.conv_out = ConvBlock(d, d)",
            ),
            ("torch.cat([unflatten, e3], dim=1)", "unflatten + e3"),
            ("torch.cat([up1, e2], dim=1)", "up1 + e2"),
            ("torch.cat([up2, e1], dim=1)", "up2 + e1"),
        ),
    ),
)
