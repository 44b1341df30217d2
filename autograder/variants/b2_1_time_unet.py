"""Correct time-conditioned UNets in other styles."""

from __future__ import annotations

from autograder.bank import Variant

OWN_BLOCK = """
class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int):
        super().__init__()
        D = num_hiddens
        self.tail = nn.Sequential(ConvBlock(2 * D, D), nn.Conv2d(D, in_channels, 3, 1, 1))
        self.fc = nn.ModuleDict({"up": FCBlock(1, D), "bottom": FCBlock(1, 2 * D)})
        self.net = nn.ModuleList([ConvBlock(in_channels, D), DownBlock(D, D), DownBlock(D, 2 * D),
                                  nn.Sequential(Flatten(), Unflatten(2 * D)), UpBlock(4 * D, D),
                                  UpBlock(2 * D, D)])

    def embed(self, which, t):
        out = self.fc[which](t.reshape(-1).unsqueeze(1))
        return out.reshape(out.shape[0], -1, 1, 1)

    def forward(self, x, t):
        assert x.shape[-2:] == (28, 28)
        a = self.net[0](x)
        b = self.net[1](a)
        c = self.net[2](b)
        y = torch.cat((c, self.net[3](c).add(self.embed("bottom", t))), dim=1)
        y = torch.cat((b, self.net[4](y).add(self.embed("up", t))), dim=1)
        return self.tail(torch.cat((a, self.net[5](y)), dim=1))
"""

VARIANTS = (
    Variant("module-dict", "Layers in containers; skips first.", source=OWN_BLOCK),
    Variant(
        "helper",
        "A helper of the cell gives height and width.",
        (
            (
                "class TimeConditionalUNet(nn.Module):",
                "def broadcast(v):\n    return v.unsqueeze(-1).unsqueeze(-1)\n\n\n"
                "class TimeConditionalUNet(nn.Module):",
            ),
            (
                "t1 = self.fc1_t(t.view(-1, 1))[:, :, None, None]",
                "t1 = broadcast(self.fc1_t(t[:, None]))",
            ),
            (
                "t2 = self.fc2_t(t.view(-1, 1))[:, :, None, None]",
                "t2 = broadcast(self.fc2_t(t[:, None]))",
            ),
        ),
    ),
    Variant(
        "expanded",
        "The shifts are expanded to the whole picture.",
        (
            (
                "t1 = self.fc1_t(t.view(-1, 1))[:, :, None, None]",
                "t1 = self.fc1_t(t.view(-1, 1))[:, :, None, None].expand(-1, -1, 7, 7)",
            ),
            (
                "t2 = self.fc2_t(t.view(-1, 1))[:, :, None, None]",
                "t2 = self.fc2_t(t.view(-1, 1))[:, :, None, None].repeat(1, 1, 14, 14)",
            ),
        ),
    ),
    Variant(
        "shift-first",
        "The shift is the first summand, and skips come first.",
        (
            ("self.unflatten(self.flatten(e3)) + t1", "t1 + self.unflatten(self.flatten(e3))"),
            ("[up1, e2]", "[e2, up1]"),
        ),
    ),
)
