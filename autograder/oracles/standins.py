"""What stands in, in the worker, for earlier exercises of Part B that an answer builds on.

An exercise is graded by itself: a mistake in the blocks must not cost points in the UNet again.
The nets are here for answers that derive a class from an earlier one; their attributes are named
after what they compute.
"""

from __future__ import annotations

BLOCKS = """
def _row(make):
    class Row(nn.Sequential):
        def __init__(self, *channels):
            super().__init__(*make(*channels))
    return Row


def _normed(layer):
    return [layer, nn.BatchNorm2d(layer.out_channels), nn.GELU()]


Conv = _row(lambda i, o: _normed(nn.Conv2d(i, o, 3, 1, 1)))
DownConv = _row(lambda i, o: _normed(nn.Conv2d(i, o, 3, 2, 1)))
UpConv = _row(lambda i, o: _normed(nn.ConvTranspose2d(i, o, 4, 2, 1)))
Flatten = _row(lambda: [nn.AvgPool2d(7), nn.GELU()])
Unflatten = _row(lambda in_channels: _normed(nn.ConvTranspose2d(in_channels, in_channels, 7, 7)))
ConvBlock = _row(lambda i, o: [Conv(i, o), Conv(o, o)])
DownBlock = _row(lambda i, o: [DownConv(i, o), ConvBlock(o, o)])
UpBlock = _row(lambda i, o: [UpConv(i, o), ConvBlock(o, o)])
FCBlock = _row(lambda i, o: [nn.Linear(i, o), nn.GELU(), nn.Linear(o, o)])
for _name in ("Conv", "DownConv", "UpConv", "Flatten", "Unflatten", "ConvBlock", "DownBlock",
              "UpBlock", "FCBlock"):
    globals()[_name].__name__ = _name
"""

UNCONDITIONAL = """
class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels, num_hiddens):
        super().__init__()
        n = num_hiddens
        self.e1, self.e2, self.e3 = ConvBlock(in_channels, n), DownBlock(n, n), DownBlock(n, 2 * n)
        self.flatten, self.unflatten = Flatten(), Unflatten(2 * n)
        self.up1, self.up2 = UpBlock(4 * n, n), UpBlock(2 * n, n)
        self.out = nn.Sequential(ConvBlock(2 * n, n), nn.Conv2d(n, in_channels, 3, padding=1))

    def forward(self, x):
        return self.run(x, lambda place, value: value)

    def run(self, x, condition):
        assert tuple(x.shape[2:]) == (28, 28), "x must be 28x28"
        e1 = self.e1(x)
        e2 = self.e2(e1)
        e3 = self.e3(e2)
        y = condition(1, self.unflatten(self.flatten(e3)))
        y = condition(2, self.up1(torch.cat((y, e3), 1)))
        return self.out(torch.cat((self.up2(torch.cat((y, e2), 1)), e1), 1))
"""

TIME = """
class TimeConditionalUNet(UnconditionalUNet):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.fc1_t, self.fc2_t = FCBlock(1, 2 * num_hiddens), FCBlock(1, num_hiddens)

    def shift(self, place, t):
        return (self.fc1_t if place == 1 else self.fc2_t)(t.reshape(-1, 1))[..., None, None]

    def forward(self, x, t):
        return self.run(x, lambda place, value: value + self.shift(place, t))
"""
