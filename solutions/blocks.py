"""Exercise B 1.1, first half: the blocks of which the UNets of Part B are built.

Convolutions and linear layers have biases; the order is convolution, BatchNorm, GELU.
"""

from torch import Tensor, nn


class Conv(nn.Module):
    """Convolution (kernel 3, stride 1, padding 1), BatchNorm, GELU: the size stays.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=1, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, H, W) to (N, out_channels, H, W)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class DownConv(nn.Module):
    """Convolution (kernel 3, stride 2, padding 1), BatchNorm, GELU: half the size.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class UpConv(nn.Module):
    """Transposed convolution (kernel 4, stride 2, padding 1), BatchNorm, GELU: twice the size.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, H, W) to (N, out_channels, 2 H, 2 W)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class Flatten(nn.Module):
    """Average pooling (kernel 7), GELU, no BatchNorm: 7x7 positions become one."""

    def __init__(self) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(nn.AvgPool2d(kernel_size=7), nn.GELU())
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, C, 7, 7) to (N, C, 1, 1)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class Unflatten(nn.Module):
    """Transposed convolution (kernel 7, stride 7, padding 0), BatchNorm, GELU: 1x1 to 7x7.

    Args:
        in_channels: Channels of the input.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(in_channels, in_channels, kernel_size=7, stride=7, padding=0),
            nn.BatchNorm2d(in_channels),
            nn.GELU(),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, 1, 1) to (N, in_channels, 7, 7)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class ConvBlock(nn.Module):
    """`Conv(in_channels, out_channels)`, `Conv(out_channels, out_channels)`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            Conv(in_channels, out_channels), Conv(out_channels, out_channels)
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, H, W) to (N, out_channels, H, W)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class DownBlock(nn.Module):
    """`DownConv(in_channels, out_channels)`, `ConvBlock(out_channels, out_channels)`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            DownConv(in_channels, out_channels), ConvBlock(out_channels, out_channels)
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class UpBlock(nn.Module):
    """`UpConv(in_channels, out_channels)`, `ConvBlock(out_channels, out_channels)`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels)
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels, H, W) to (N, out_channels, 2 H, 2 W)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION


class FCBlock(nn.Module):
    """Linear(in_channels, out_channels), GELU, Linear(out_channels, out_channels).

    Args:
        in_channels: Width of the input.
        out_channels: Width of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        # Create the layers that forward applies.
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.Linear(in_channels, out_channels),
            nn.GELU(),
            nn.Linear(out_channels, out_channels),
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Map x, (N, in_channels) to (N, out_channels)."""
        # Apply the layers in order.
        ### BEGIN SOLUTION
        out: Tensor = self.layers(x)
        return out
        ### END SOLUTION
