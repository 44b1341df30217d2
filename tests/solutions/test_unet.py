"""Claims about B 1.1, B 2.1 and B 2.4: blocks and UNets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from solutions import blocks, unet

COUNTS = {
    16: (124_433, 125_857, 127_713),
    32: (495_137, 500_545, 506_817),
    64: (1_975_361, 1_996_417, 2_019_201),
    128: (7_891_073, 7_974_145, 8_060_673),
}
"""Parameters of the unconditional, time- and class-conditional UNet, counted by others."""


@pytest.mark.parametrize("num_hiddens", COUNTS)
def test_the_nets_have_the_known_numbers_of_parameters(num_hiddens: int) -> None:
    """A wrong kernel, a missing bias or block, or another width changes the count."""
    nets = (
        unet.UnconditionalUNet(1, num_hiddens),
        unet.TimeConditionalUNet(1, 10, num_hiddens),
        unet.ClassConditionalUNet(1, 10, num_hiddens),
    )
    counts = tuple(sum(p.numel() for p in net.parameters()) for net in nets)
    assert counts == COUNTS[num_hiddens]


@pytest.mark.parametrize(
    ("block", "shape_in", "shape_out"),
    [
        (blocks.Conv(3, 5), (2, 3, 8, 12), (2, 5, 8, 12)),
        (blocks.DownConv(3, 5), (2, 3, 8, 12), (2, 5, 4, 6)),
        (blocks.UpConv(3, 5), (2, 3, 8, 12), (2, 5, 16, 24)),
        (blocks.Flatten(), (2, 3, 7, 7), (2, 3, 1, 1)),
        (blocks.Unflatten(3), (2, 3, 1, 1), (2, 3, 7, 7)),
        (blocks.ConvBlock(3, 5), (2, 3, 8, 12), (2, 5, 8, 12)),
        (blocks.DownBlock(3, 5), (2, 3, 8, 12), (2, 5, 4, 6)),
        (blocks.UpBlock(3, 5), (2, 3, 8, 12), (2, 5, 16, 24)),
        (blocks.FCBlock(3, 5), (2, 3), (2, 5)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_a_block_changes_shapes_as_its_figure_says(
    block: nn.Module, shape_in: tuple[int, ...], shape_out: tuple[int, ...]
) -> None:
    """Sizes stay, halve, double, shrink 7x7 to 1x1 or grow back."""
    assert block(torch.randn(shape_in)).shape == shape_out


@pytest.mark.parametrize(
    ("block", "convolve", "stride", "padding"),
    [
        (blocks.Conv(2, 3), torch.conv2d, 1, 1),
        (blocks.DownConv(2, 3), torch.conv2d, 2, 1),
        (blocks.UpConv(2, 3), torch.conv_transpose2d, 2, 1),
        (blocks.Unflatten(2), torch.conv_transpose2d, 7, 0),
    ],
    ids=["Conv", "DownConv", "UpConv", "Unflatten"],
)
def test_a_layer_is_convolution_then_batch_norm_then_gelu(
    block: nn.Module, convolve: Callable[..., Tensor], stride: int, padding: int
) -> None:
    """In train mode each channel is standardised over the batch and put through x Phi(x)."""
    x = torch.randn(4, 2, 4, 4)
    weight, bias, *_ = block.parameters()
    y = convolve(x, weight, bias, stride=stride, padding=padding)
    mean = y.mean(dim=(0, 2, 3), keepdim=True)
    standard = (y - mean) / (y.var(dim=(0, 2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()
    gelu = standard * 0.5 * (1 + torch.erf(standard / 2**0.5))
    torch.testing.assert_close(block(x), gelu, rtol=1e-4, atol=1e-5)


def test_flatten_is_the_gelu_of_the_mean() -> None:
    """Average pooling over 7x7 is the mean; there is no BatchNorm after it."""
    x = torch.randn(2, 3, 7, 7)
    mean = x.mean(dim=(2, 3), keepdim=True)
    gelu = mean * 0.5 * (1 + torch.erf(mean / 2**0.5))
    torch.testing.assert_close(blocks.Flatten()(x), gelu)
    assert not list(blocks.Flatten().parameters())


def noisy(n: int = 4) -> Tensor:
    """Make noisy digits, (n, 1, 28, 28)."""
    return torch.randn(n, 1, 28, 28, generator=torch.Generator().manual_seed(8))


NETS: dict[str, Callable[[], tuple[nn.Module, tuple[Tensor, ...]]]] = {
    "unconditional": lambda: (unet.UnconditionalUNet(1, 4), ()),
    "time": lambda: (unet.TimeConditionalUNet(1, 10, 4), (torch.rand(4),)),
    "class": lambda: (unet.ClassConditionalUNet(1, 10, 4), (torch.arange(4), torch.rand(4))),
}


def loud(net: nn.Module) -> nn.Module:
    """Draw large weights, so that times and classes show in the output."""
    for name, parameter in net.named_parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=1.0 if "_t." in name or "_c." in name else 0.4)
    return net.eval()


@pytest.mark.parametrize("name", NETS)
def test_a_net_keeps_the_shape_and_every_parameter_has_a_gradient(name: str) -> None:
    """All parts are wired in, and the output is not cut off below as GELU's would be."""
    net, condition = NETS[name]()
    out = net(noisy(), *condition)
    assert out.shape == (4, 1, 28, 28)
    out.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    assert out.min() < -0.17


@pytest.mark.parametrize("name", NETS)
def test_a_net_refuses_other_sizes(name: str) -> None:
    """Flatten averages 7x7, so only 28x28 images fit."""
    net, condition = NETS[name]()
    with pytest.raises(ValueError, match="28x28, not 32x28"):
        net(torch.zeros(4, 1, 32, 28), *condition)


def conditioned(
    net: nn.Module, x: Tensor, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]
) -> Tensor:
    """Run an unconditional net of the same weights, whose unflatten and up1 get a o + b."""
    plain = unet.UnconditionalUNet(1, 4).double().eval()
    plain.load_state_dict({name: net.state_dict()[name] for name in plain.state_dict()})
    plain.unflatten.register_forward_hook(lambda module, args, out: first[0] * out + first[1])
    plain.up1.register_forward_hook(lambda module, args, out: second[0] * out + second[1])
    result: Tensor = plain(x)
    return result


def test_the_time_is_added_before_the_concats() -> None:
    """The time-conditional net is the unconditional one, with an embedding added in two places."""
    net = unet.TimeConditionalUNet(1, 10, 4)
    loud(net.double())
    x, t, one = noisy().double(), torch.rand(4).double(), torch.tensor(1.0).double()
    t1, t2 = (block(t[:, None])[..., None, None] for block in (net.fc1_t, net.fc2_t))
    torch.testing.assert_close(net(x, t), conditioned(net, x, (one, t1), (one, t2)))
    assert not torch.allclose(net(x, t), conditioned(net, x, (t1, 0 * t1), (t2, 0 * t2)))


def test_the_class_scales_and_the_time_is_added() -> None:
    """The class-conditional net is the unconditional one with c o + t in the same two places."""
    net = unet.ClassConditionalUNet(1, 10, 4)
    loud(net.double())
    x, t, c = noisy().double(), torch.rand(4).double(), torch.tensor([2, 0, 9, 2])
    one_hot = torch.eye(10).double()[c]
    t1, t2 = (block(t[:, None])[..., None, None] for block in (net.fc1_t, net.fc2_t))
    c1, c2 = (block(one_hot)[..., None, None] for block in (net.fc1_c, net.fc2_c))
    torch.testing.assert_close(net(x, c, t), conditioned(net, x, (c1, t1), (c2, t2)))


def test_each_image_has_its_own_time_and_class() -> None:
    """A batch gives what its images give one by one."""
    net = loud(unet.ClassConditionalUNet(1, 10, 4)).double()
    x, c, t = noisy().double(), torch.tensor([3, 1, 3, 7]), torch.rand(4).double()
    mask = torch.tensor([1.0, 0.0, 0.0, 1.0])
    rows = [slice(i, i + 1) for i in range(4)]
    alone = [net(x[row], c[row], t[row], mask=mask[row]) for row in rows]
    torch.testing.assert_close(net(x, c, t, mask=mask), torch.cat(alone))
    assert not torch.allclose(net(x, c, t, mask=mask), net(x, c, t.flip(0), mask=mask), atol=1e-3)


def test_a_dropped_class_is_none_of_the_classes() -> None:
    """With mask 0 the class has no effect, and class 0 is not what it becomes."""
    net = loud(unet.ClassConditionalUNet(1, 10, 4))
    x, t, drop = noisy(), torch.rand(4), torch.zeros(4)
    three, four = torch.full((4,), 3), torch.full((4,), 4)
    torch.testing.assert_close(net(x, three, t, mask=drop), net(x, four, t, mask=drop))
    assert not torch.allclose(net(x, three, t, mask=drop), net(x, 0 * three, t), atol=1e-3)
    assert not torch.allclose(net(x, three, t), net(x, four, t), atol=1e-3)
    torch.testing.assert_close(net(x, three, t), net(x, three, t, mask=torch.ones(4)))
