"""Known mistakes in the blocks."""

from __future__ import annotations

from autograder.bank import Mistake

CONV = "kernel_size=3, stride=1, padding=1),\n            nn.BatchNorm2d(out_channels),\n"
DOWN = "kernel_size=3, stride=2, padding=1)"
UP = "nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1)"
UNFLATTEN = "kernel_size=7, stride=7, padding=0),\n            nn.BatchNorm2d(in_channels),\n"
FLATTEN = "nn.Sequential(nn.AvgPool2d(kernel_size=7), nn.GELU())"
TWO_CONVS = "Conv(in_channels, out_channels), Conv(out_channels, out_channels)\n"
FC = "nn.Linear(in_channels, out_channels),\n            nn.GELU(),\n"
GELU = "            nn.GELU(),\n"

MISTAKES = (
    Mistake(
        "conv-without-gelu",
        "Conv ends with its BatchNorm; the GELU is missing.",
        "Without activations a row of convolutions is nothing but one convolution.",
        ((CONV + GELU, CONV),),
    ),
    Mistake(
        "conv-gelu-before-batchnorm",
        "In Conv the GELU stands before the BatchNorm.",
        "The order of the diagram is convolution, BatchNorm, GELU.",
        (
            (
                CONV + GELU,
                CONV.replace("            nn.BatchNorm2d(out_channels),\n", GELU)
                + "            nn.BatchNorm2d(out_channels),\n",
            ),
        ),
    ),
    Mistake(
        "conv-with-relu",
        "Conv has a ReLU where the diagram has a GELU.",
        "Both are activations, but the nets of this part use GELU throughout.",
        ((CONV + GELU, CONV + "            nn.ReLU(),\n"),),
    ),
    Mistake(
        "conv-without-batchnorm",
        "Conv has no BatchNorm.",
        "Each convolution of the blocks is followed by a BatchNorm2d of its output channels.",
        ((CONV, "kernel_size=3, stride=1, padding=1),\n"),),
    ),
    Mistake(
        "conv-without-bias",
        "The convolution of Conv has no bias.",
        "Leave `bias` at its default; the parameter count of the nets includes the biases.",
        ((CONV, CONV.replace("padding=1)", "padding=1, bias=False)")),),
    ),
    Mistake(
        "conv-without-padding",
        "Conv has no padding, so each one makes the image two pixels smaller.",
        "A kernel of 3 keeps the size with a padding of 1.",
        ((CONV, CONV.replace("padding=1", "padding=0")),),
    ),
    Mistake(
        "downconv-kernel-4",
        "DownConv has a kernel of 4, as UpConv has.",
        "DownConv has kernel 3, stride 2 and padding 1; only the way up has kernel 4.",
        ((DOWN, DOWN.replace("kernel_size=3", "kernel_size=4")),),
    ),
    Mistake(
        "downconv-by-pooling",
        "DownConv halves the size by pooling after a convolution of stride 1.",
        "Here the convolution itself has stride 2.",
        ((DOWN, "kernel_size=3, stride=1, padding=1),\n            nn.AvgPool2d(2)"),),
    ),
    Mistake(
        "upconv-by-interpolation",
        "UpConv doubles the size by interpolation and a convolution.",
        "Here it is a transposed convolution with kernel 4, stride 2 and padding 1.",
        (
            (
                UP,
                "nn.Upsample(scale_factor=2),\n"
                "            nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)",
            ),
        ),
    ),
    Mistake(
        "upconv-kernel-2",
        "UpConv has a kernel of 2 without padding.",
        "Kernel 4, stride 2 and padding 1 double the size as well, with overlapping windows.",
        ((UP, UP.replace("kernel_size=4, stride=2, padding=1", "kernel_size=2, stride=2")),),
    ),
    Mistake(
        "flatten-without-gelu",
        "Flatten is the average alone; its GELU is missing.",
        "Flatten has no BatchNorm, but it does have a GELU.",
        ((FLATTEN, "nn.AvgPool2d(kernel_size=7)"),),
    ),
    Mistake(
        "flatten-by-maximum",
        "Flatten takes the maximum over the 7x7 positions, not their average.",
        "Use AvgPool2d.",
        ((FLATTEN, FLATTEN.replace("AvgPool2d", "MaxPool2d")),),
    ),
    Mistake(
        "unflatten-without-batchnorm",
        "Unflatten has no BatchNorm.",
        "Only Flatten goes without one.",
        ((UNFLATTEN, "kernel_size=7, stride=7, padding=0),\n"),),
    ),
    Mistake(
        "convblock-single",
        "ConvBlock has one Conv only.",
        "The second Conv goes from out_channels to out_channels.",
        ((TWO_CONVS, "Conv(in_channels, out_channels)\n"),),
    ),
    Mistake(
        "downblock-in-wrong-order",
        "DownBlock applies the ConvBlock before the DownConv.",
        "The DownConv comes first, so that the ConvBlock works at the smaller size.",
        (
            (
                "DownConv(in_channels, out_channels), ConvBlock(out_channels, out_channels)\n",
                "ConvBlock(in_channels, out_channels), DownConv(out_channels, out_channels)\n",
            ),
        ),
    ),
    Mistake(
        "fc-without-gelu",
        "FCBlock has no GELU between its linear layers.",
        "Two linear layers in a row are one linear layer.",
        ((FC, "nn.Linear(in_channels, out_channels),\n"),),
    ),
    Mistake(
        "fc-ends-with-gelu",
        "FCBlock ends with a second GELU.",
        "Its output must be able to take any sign: nothing comes after the second linear layer.",
        (
            (
                "nn.Linear(out_channels, out_channels),\n",
                "nn.Linear(out_channels, out_channels),\n" + GELU,
            ),
        ),
    ),
)
