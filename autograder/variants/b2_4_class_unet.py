"""Correct class-conditioned UNets in other styles."""

from __future__ import annotations

from autograder.bank import Variant

OWN = """
class ClassConditionalUNet(nn.Module):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__()
        D = num_hiddens
        self.n = num_classes
        self.shift = nn.ModuleList([FCBlock(1, 2 * D), FCBlock(1, D)])
        self.scale = nn.ModuleList([FCBlock(num_classes, 2 * D), FCBlock(num_classes, D)])
        self.enc = nn.ModuleList([ConvBlock(in_channels, D), DownBlock(D, D), DownBlock(D, 2 * D)])
        self.dec = nn.ModuleList([UpBlock(4 * D, D), UpBlock(2 * D, D), ConvBlock(2 * D, D)])
        self.mid = nn.Sequential(Flatten(), Unflatten(2 * D))
        self.final = nn.Conv2d(D, in_channels, 3, padding=1)

    def forward(self, x, c, t, mask=None):
        assert x.shape[-2:] == (28, 28), "Expect input shape to be (28, 28)."
        hot = torch.zeros(len(c), self.n)
        hot[torch.arange(len(c)), c] = 1.0 if mask is None else mask
        skips = []
        for layer in self.enc:
            x = layer(x)
            skips.insert(0, x)
        x = self.mid(x)
        for i, (layer, skip) in enumerate(zip(self.dec, skips)):
            if i < 2:
                scale, shift = self.scale[i](hot), self.shift[i](t.unsqueeze(-1))
                x = torch.addcmul(shift[..., None, None], scale[..., None, None], x)
            x = layer(torch.cat([skip, x], 1))
        return self.final(x)
"""

VARIANTS = (
    Variant("lists", "Layers in lists, a loop up, a hand-made one-hot vector.", source=OWN),
    Variant(
        "mask-of-ones",
        "No mask becomes a mask of ones; the one-hot vector is a row of the unit matrix.",
        (
            ("F.one_hot(c, self.num_classes).to(x.dtype)", "torch.eye(self.num_classes)[c]"),
            (
                "if mask is not None:\n",
                "mask = torch.ones(len(c)) if mask is None else mask\n        if True:\n",
            ),
        ),
    ),
    Variant(
        "where",
        "Dropped classes are chosen by torch.where; skips come first.",
        (
            (
                "one_hot * mask.view(-1, 1)",
                "torch.where(mask[:, None] > 0, one_hot, torch.zeros_like(one_hot))",
            ),
            ("[unflatten, e3]", "[e3, unflatten]"),
            ("[up2, e1]", "[e1, up2]"),
        ),
    ),
)
