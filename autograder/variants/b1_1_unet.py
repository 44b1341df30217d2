"""Correct UNets in other styles."""

from __future__ import annotations

from autograder.bank import Variant

REFUSED = """\
            raise ValueError(f"x must be 28x28, not {x.shape[-2]}x{x.shape[-1]}")
"""

LISTS = """
def merge(a, b):
    return torch.concat((b, a), 1)


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels: int, num_hiddens: int):
        super().__init__()
        D = num_hiddens
        self.head = nn.Sequential(ConvBlock(2 * D, D), nn.Conv2d(D, in_channels, 3, 1, 1))
        self.ups = nn.ModuleList([UpBlock(4 * D, D), UpBlock(2 * D, D)])
        self.downs = nn.ModuleList([ConvBlock(in_channels, D), DownBlock(D, D),
                                    DownBlock(D, 2 * D)])
        self.bottom = nn.Sequential(Flatten(), Unflatten(2 * D))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-2:] == (28, 28), "Expect input shape to be (28, 28)."
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
        x = self.bottom(x)
        for up in self.ups:
            x = up(merge(x, skips.pop()))
        return self.head(merge(x, skips.pop()))
"""

VARIANTS = (
    Variant("lists", "Layers in lists; skips come first in a concatenation.", source=LISTS),
    Variant(
        "keyword-blocks",
        "Blocks are made in another order and printed.",
        (
            ("        self.conv_in = ConvBlock(in_channels, d)\n", ""),
            (
                "        self.flatten = Flatten()\n",
                "        self.flatten = Flatten()\n"
                "        self.first = ConvBlock(in_channels, d)\n"
                "        print(sum(p.numel() for p in self.parameters()))\n",
            ),
            ("self.conv_in(x)", "self.first(x)"),
        ),
    ),
    Variant(
        "cat-in-other-order",
        "The skip comes first in two of three concatenations.",
        (("[unflatten, e3]", "[e3, unflatten]"), ("[up2, e1]", "[e1, up2]")),
    ),
    Variant(
        "checked-by-assert",
        "The size is refused by an assert.",
        (
            ("        if x.shape[-2:] != (28, 28):\n", "        assert x.shape[-1] == 28\n"),
            (
                REFUSED,
                "        assert x.shape[-2] == 28, 'x must be 28x28'\n",
            ),
        ),
    ),
)
