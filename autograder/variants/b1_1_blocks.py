"""Correct blocks in other styles."""

from __future__ import annotations

from autograder.bank import Variant

SEQUENTIAL = """
class Conv(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        super().__init__(conv, nn.BatchNorm2d(out_channels), nn.GELU())


class DownConv(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        conv = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        super().__init__(conv, nn.BatchNorm2d(out_channels), nn.GELU())


class UpConv(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        conv = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        super().__init__(conv, nn.BatchNorm2d(out_channels), nn.GELU())


class Flatten(nn.Sequential):
    def __init__(self):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.GELU())


class Unflatten(nn.Sequential):
    def __init__(self, in_channels):
        conv = nn.ConvTranspose2d(in_channels, in_channels, 7, 7)
        super().__init__(conv, nn.BatchNorm2d(in_channels), nn.GELU())


class ConvBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(Conv(in_channels, out_channels), Conv(out_channels, out_channels))


class DownBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(DownConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class UpBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class FCBlock(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        first, second = nn.Linear(in_channels, out_channels), nn.Linear(out_channels, out_channels)
        super().__init__(first, nn.GELU(), second)
"""

ATTRIBUTES = """
import torch.nn as nn

class Conv(nn.Module):
    def __init__(self, cin, cout):
        super(Conv, self).__init__()
        self.bn = nn.BatchNorm2d(cout)
        self.c = nn.Conv2d(cin, cout, kernel_size=3, stride=1, padding='same')

    def forward(self, x):
        return F.gelu(self.bn(self.c(x)))

class DownConv(nn.Module):
    def __init__(self, cin, cout):
        super(DownConv, self).__init__()
        self.bn = nn.BatchNorm2d(cout)
        self.c = nn.Conv2d(cin, cout, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))

    def forward(self, x):
        return F.gelu(self.bn(self.c(x)))

class UpConv(nn.Module):
    def __init__(self, cin, cout):
        super(UpConv, self).__init__()
        self.bn = nn.BatchNorm2d(cout)
        self.c = nn.ConvTranspose2d(cin, cout, kernel_size=4, stride=2, padding=1)

    def forward(self, x):
        return F.gelu(self.bn(self.c(x)))

class Flatten(nn.Module):
    def forward(self, x):
        return F.gelu(x.mean(dim=(2, 3), keepdim=True))

class Unflatten(nn.Module):
    def __init__(self, c):
        super(Unflatten, self).__init__()
        self.bn = nn.BatchNorm2d(c)
        self.c = nn.ConvTranspose2d(c, c, 7, stride=7)

    def forward(self, x):
        return F.gelu(self.bn(self.c(x)))

def chain(*blocks):
    class Chain(nn.Module):
        def __init__(self, cin, cout):
            super().__init__()
            ins = [cin] + [cout] * (len(blocks) - 1)
            self.parts = nn.ModuleList(b(i, cout) for b, i in zip(blocks, ins))

        def forward(self, x):
            for part in self.parts:
                x = part(x)
            return x
    return Chain

ConvBlock = chain(Conv, Conv)
DownBlock = chain(DownConv, ConvBlock)
UpBlock = chain(UpConv, ConvBlock)

class FCBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.out = nn.Linear(cout, cout)
        self.hidden = nn.Linear(cin, cout)

    def forward(self, x):
        return self.out(F.gelu(self.hidden(x)))
"""

LAST = "nn.Linear(in_channels, out_channels),\n            nn.GELU()"

VARIANTS = (
    Variant("sequential", "Each block is an nn.Sequential.", source=SEQUENTIAL),
    Variant("attributes", "Layers have names of their own and another order.", source=ATTRIBUTES),
    Variant(
        "tanh-gelu",
        "One GELU is the tanh approximation, which hardly differs.",
        ((LAST, LAST.replace("GELU()", 'GELU(approximate="tanh")')),),
    ),
)
