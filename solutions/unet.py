"""Exercises B 1.1, B 2.1 and B 2.4: the UNets that denoise digits.

Three nets of one wiring (after Ronneberger et al., 2015), with D = `num_hiddens`:

    e1 = ConvBlock(x)               D, 28x28
    e2 = DownBlock(e1)              D, 14x14
    e3 = DownBlock(e2)              2D, 7x7
    unflatten = Unflatten(Flatten(e3))                2D, 7x7
    up1 = UpBlock(concat(unflatten, e3))              D, 14x14
    up2 = UpBlock(concat(up1, e2))                    D, 28x28
    out = Conv2d(ConvBlock(concat(up2, e1)))          in_channels, 28x28
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from solutions.blocks import ConvBlock, DownBlock, FCBlock, Flatten, Unflatten, UpBlock


class UnconditionalUNet(nn.Module):
    """Map images to images of the same shape, through three resolutions.

    With D = num_hiddens: ConvBlock(in_channels, D) -> e1, DownBlock(D, D) -> e2,
    DownBlock(D, 2D) -> e3, Flatten and Unflatten(2D) -> unflatten,
    UpBlock(4D, D) of concat(unflatten, e3) -> up1, UpBlock(2D, D) of concat(up1, e2) -> up2,
    ConvBlock(2D, D) of concat(up2, e1), and last a plain convolution D -> in_channels of kernel
    3, stride 1, padding 1, with no norm and no activation after it. Concats are over channels.

    Args:
        in_channels: Channels of the images.
        num_hiddens: Hidden channels D.
    """

    def __init__(self, in_channels: int, num_hiddens: int) -> None:
        super().__init__()
        # A concat doubles the channels that the next block takes.
        ### BEGIN SOLUTION
        d = num_hiddens
        self.conv_in = ConvBlock(in_channels, d)
        self.down1 = DownBlock(d, d)
        self.down2 = DownBlock(d, 2 * d)
        self.flatten = Flatten()
        self.unflatten = Unflatten(2 * d)
        self.up1 = UpBlock(4 * d, d)
        self.up2 = UpBlock(2 * d, d)
        self.conv_out = ConvBlock(2 * d, d)
        self.last = nn.Conv2d(d, in_channels, kernel_size=3, stride=1, padding=1)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Apply the net to x, (N, in_channels, 28, 28); ValueError at any other size."""
        if x.shape[-2:] != (28, 28):
            raise ValueError(f"x must be 28x28, not {x.shape[-2]}x{x.shape[-1]}")
        # Down, keeping e1, e2 and e3, then up, with torch.cat(..., dim=1).
        ### BEGIN SOLUTION
        e1 = self.conv_in(x)
        e2 = self.down1(e1)
        e3 = self.down2(e2)
        unflatten = self.unflatten(self.flatten(e3))
        up1 = self.up1(torch.cat([unflatten, e3], dim=1))
        up2 = self.up2(torch.cat([up1, e2], dim=1))
        out: Tensor = self.last(self.conv_out(torch.cat([up2, e1], dim=1)))
        return out
        ### END SOLUTION


class TimeConditionalUNet(nn.Module):
    """Map noisy images and times to noise: `UnconditionalUNet` with the time added in twice.

    Before their concats, `unflatten + fc1_t(t)` replaces unflatten and `up1 + fc2_t(t)` replaces
    up1, where fc1_t = FCBlock(1, 2D) and fc2_t = FCBlock(1, D), whose outputs are broadcast over
    the positions (the DDPM version of the course).

    Args:
        in_channels: Channels of the images.
        num_classes: Number of classes; not used by this net, which sees no class.
        num_hiddens: Hidden channels D.
    """

    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        # The layers of UnconditionalUNet, and an FCBlock for each of the two places.
        ### BEGIN SOLUTION
        d = num_hiddens
        self.conv_in = ConvBlock(in_channels, d)
        self.down1 = DownBlock(d, d)
        self.down2 = DownBlock(d, 2 * d)
        self.flatten = Flatten()
        self.unflatten = Unflatten(2 * d)
        self.fc1_t = FCBlock(1, 2 * d)
        self.up1 = UpBlock(4 * d, d)
        self.fc2_t = FCBlock(1, d)
        self.up2 = UpBlock(2 * d, d)
        self.conv_out = ConvBlock(2 * d, d)
        self.last = nn.Conv2d(d, in_channels, kernel_size=3, stride=1, padding=1)
        ### END SOLUTION

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Predict noise, (N, in_channels, 28, 28).

        Args:
            x: Noisy images, (N, in_channels, 28, 28); ValueError at any other size.
            t: Times divided by T, (N,), floating, in [0, 1].
        """
        if x.shape[-2:] != (28, 28):
            raise ValueError(f"x must be 28x28, not {x.shape[-2]}x{x.shape[-1]}")
        # FCBlock takes (N, 1); its output needs the shape (N, C, 1, 1) to be added.
        ### BEGIN SOLUTION
        t1 = self.fc1_t(t.view(-1, 1))[:, :, None, None]
        t2 = self.fc2_t(t.view(-1, 1))[:, :, None, None]
        e1 = self.conv_in(x)
        e2 = self.down1(e1)
        e3 = self.down2(e2)
        unflatten = self.unflatten(self.flatten(e3)) + t1
        up1 = self.up1(torch.cat([unflatten, e3], dim=1)) + t2
        up2 = self.up2(torch.cat([up1, e2], dim=1))
        out: Tensor = self.last(self.conv_out(torch.cat([up2, e1], dim=1)))
        return out
        ### END SOLUTION


class ClassConditionalUNet(nn.Module):
    """Map noisy images, classes and times to noise: the class scales, the time is added.

    Before their concats, `fc1_c(c) * unflatten + fc1_t(t)` replaces unflatten and
    `fc2_c(c) * up1 + fc2_t(t)` replaces up1, where fc1_t = FCBlock(1, 2D), fc2_t = FCBlock(1, D),
    fc1_c = FCBlock(num_classes, 2D), fc2_c = FCBlock(num_classes, D), and the class is a one-hot
    vector times the mask.

    Args:
        in_channels: Channels of the images.
        num_classes: Number of classes.
        num_hiddens: Hidden channels D.
    """

    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        # The layers of TimeConditionalUNet, and two more FCBlocks.
        ### BEGIN SOLUTION
        d = num_hiddens
        self.conv_in = ConvBlock(in_channels, d)
        self.down1 = DownBlock(d, d)
        self.down2 = DownBlock(d, 2 * d)
        self.flatten = Flatten()
        self.unflatten = Unflatten(2 * d)
        self.fc1_t = FCBlock(1, 2 * d)
        self.fc1_c = FCBlock(num_classes, 2 * d)
        self.up1 = UpBlock(4 * d, d)
        self.fc2_t = FCBlock(1, d)
        self.fc2_c = FCBlock(num_classes, d)
        self.up2 = UpBlock(2 * d, d)
        self.conv_out = ConvBlock(2 * d, d)
        self.last = nn.Conv2d(d, in_channels, kernel_size=3, stride=1, padding=1)
        ### END SOLUTION

    def forward(self, x: Tensor, c: Tensor, t: Tensor, mask: Tensor | None = None) -> Tensor:
        """Predict noise, (N, in_channels, 28, 28).

        Args:
            x: Noisy images, (N, in_channels, 28, 28); ValueError at any other size.
            c: Classes, (N,), int64, 0 .. num_classes - 1.
            t: Times divided by T, (N,), floating, in [0, 1].
            mask: 1 keeps an image's class, 0 drops it, (N,), floating; None keeps all.
        """
        if x.shape[-2:] != (28, 28):
            raise ValueError(f"x must be 28x28, not {x.shape[-2]}x{x.shape[-1]}")
        # A dropped class is a one-hot vector of zeros, not class 0.
        ### BEGIN SOLUTION
        one_hot = F.one_hot(c, self.num_classes).to(x.dtype)
        if mask is not None:
            one_hot = one_hot * mask.view(-1, 1)
        c1 = self.fc1_c(one_hot)[:, :, None, None]
        c2 = self.fc2_c(one_hot)[:, :, None, None]
        t1 = self.fc1_t(t.view(-1, 1))[:, :, None, None]
        t2 = self.fc2_t(t.view(-1, 1))[:, :, None, None]
        e1 = self.conv_in(x)
        e2 = self.down1(e1)
        e3 = self.down2(e2)
        unflatten = c1 * self.unflatten(self.flatten(e3)) + t1
        up1 = c2 * self.up1(torch.cat([unflatten, e3], dim=1)) + t2
        up2 = self.up2(torch.cat([up1, e2], dim=1))
        out: Tensor = self.last(self.conv_out(torch.cat([up2, e1], dim=1)))
        return out
        ### END SOLUTION
