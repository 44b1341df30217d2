# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Part B: A diffusion model of your own
#
# In Part A somebody else had trained the network. Now it is your turn. You build a small UNet
# from its blocks, teach it to clean up noisy digits in one step, find out what it can't do, and
# then grow it into a diffusion model that draws the digit you ask for.
#
# The pictures are handwritten digits from MNIST: one channel, 28×28 pixels, values in $[0, 1]$.
# They are small enough for a network that trains in minutes, and everybody can judge the result.
#
# The rules are those of Part A: functions and classes with a gap are yours, everything else is
# given. After each exercise, `kit.check(...)` tells you what it finds. Figures and answers in
# words are read by a person.

# %%
import copy
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from IPython.display import HTML, display
from matplotlib.animation import ArtistAnimation
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

sys.path.append(str(Path("..").resolve()))  # kit lies there, if not installed
import kit
from kit import add_variance

# %% [markdown]
# ## Settings
#
# The report's settings want a GPU: with one, the denoiser takes a few minutes and each of the two
# diffusion models ten to thirty (a free Colab T4), less on something newer. Without a GPU the
# cell chooses a smaller network, fewer digits and fewer epochs. All of this notebook then takes
# a quarter to half an hour on a laptop, and the digits are not as good. Change the numbers as you
# like; they are all here.

# %%
YOUR_SEED = 3141592  # the seed you chose in Part A
device = "cuda" if torch.cuda.is_available() else "cpu"

# Section 1: the one-step denoiser
SIGMA = 0.5
DENOISER_HIDDENS = 128
DENOISER_BATCH = 256
DENOISER_EPOCHS = 5
DENOISER_LR = 1e-4

# Section 2: the diffusion models
NUM_TS = 400
NUM_HIDDENS = 64
BATCH_SIZE = 128
NUM_EPOCHS = 20
LR = 1e-3
P_UNCOND = 0.1
GUIDANCE = 5.0
SAMPLE_AFTER = [1, 5, 20]

NUM_DIGITS = 60_000  # training digits to use

if device == "cpu":  # a laptop: smaller, and a larger learning rate because there are fewer steps
    DENOISER_HIDDENS, DENOISER_BATCH, DENOISER_LR = 32, 64, 1e-3
    NUM_HIDDENS, NUM_EPOCHS, SAMPLE_AFTER = 32, 10, [1, 5, 10]
    NUM_DIGITS = 10_000

# A very short version of everything, for automatic tests of this notebook. Leave it off.
FAST = bool(os.environ.get("COURSE_FAST"))
if FAST:
    DENOISER_HIDDENS, DENOISER_EPOCHS, DENOISER_BATCH = 16, 1, 64
    NUM_TS, NUM_HIDDENS, NUM_EPOCHS, SAMPLE_AFTER = 40, 16, 1, [1]
    NUM_DIGITS = 256


def seed_everything(seed: int = YOUR_SEED) -> None:
    """Start every random number generator from the same place."""
    torch.manual_seed(seed)  # seeds the CPU and every GPU
    np.random.seed(seed % 2**32)


seed_everything()
print(f"on {device}: {NUM_DIGITS} digits, {DENOISER_EPOCHS} and {NUM_EPOCHS} epochs")

# %% [markdown]
# ### The digits
#
# The first call downloads MNIST into the folder `data`. If you have no network,
# `kit.load_digits("embedded")` gives digits that come with the course. They are *not* MNIST
# (a diffusion model drew them), but they do for a train journey.

# %%
train_digits = kit.load_digits(train=True, download=not FAST)
test_digits = kit.load_digits(train=False, download=not FAST)
print(f"{train_digits.name}: {len(train_digits)} for training, {len(test_digits)} for testing")

train_digits = torch.utils.data.Subset(train_digits, range(min(NUM_DIGITS, len(train_digits))))
digit, label = test_digits[0]
print(f"{len(train_digits)} in use")
print(f"one digit: {tuple(digit.shape)}, from {digit.min():.0f} to {digit.max():.0f}, a {label}")

# %% [markdown]
# ### Two helpers
#
# `EpochLoader` wraps a `DataLoader`. It brings every batch to the device, and calls
# a function of ours after each epoch. So we can look into your training from outside (keep the
# weights, measure the loss on the test digits) and your training loop stays plain.

# %%
Batch = tuple[Tensor, Tensor]


class EpochLoader:
    """Batches on the device, and a call of `after_epoch(epoch)` when all have been used."""

    def __init__(self, loader: DataLoader, after_epoch: Callable[[int], None]) -> None:
        self.loader = loader
        self.after_epoch = after_epoch
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        for images, labels in self.loader:
            yield images.to(device), labels.to(device)
        self.epoch += 1
        self.after_epoch(self.epoch)


class Snapshots:
    """Copies of a network's weights, by epoch."""

    def __init__(self, unet: nn.Module, epochs: list[int]) -> None:
        self.unet = unet
        self.epochs = epochs
        self.weights: dict[int, dict[str, Tensor]] = {}

    def __call__(self, epoch: int) -> None:
        if epoch in self.epochs:
            self.weights[epoch] = copy.deepcopy(self.unet.state_dict())

    def network(self, epoch: int) -> nn.Module:
        """The network as it was after this epoch, ready for use (not for training)."""
        unet = copy.deepcopy(self.unet)
        unet.load_state_dict(self.weights[epoch])
        return unet.eval()


# %% [markdown]
# # Section 1: A one-step denoiser
#
# **The idea.** Take a clean digit $x$, spoil it with noise to get $z$, and train a network
# $D_\theta$ to undo the damage:
#
# $$L = \mathbb E_{z, x}\,\lVert D_\theta(z) - x\rVert^2. \tag{B.1}$$
#
# Nobody has to label anything: since we made the noise ourselves, we know the right answer.
#
# ## B 1.1: The UNet
#
# A network for this job must see two things: the *large*, to know that this is going to be a
# seven, and the *small*, to know where the ink of each stroke ends. A UNet first squeezes the
# picture (28 → 14 → 7 → 1 pixels a side) to see the large, then unfolds it again, and at each
# size hands the details across by *skip connections*.
#
# ### The blocks
#
# | class | what it does | layers |
# |---|---|---|
# | `Conv(in, out)` | keeps the size | `Conv2d(3, 1, 1)`, `BatchNorm2d`, `GELU` |
# | `DownConv(in, out)` | halves it | `Conv2d(3, 2, 1)`, `BatchNorm2d`, `GELU` |
# | `UpConv(in, out)` | doubles it | `ConvTranspose2d(4, 2, 1)`, `BatchNorm2d`, `GELU` |
# | `Flatten()` | 7×7 → 1×1 | `AvgPool2d(7)`, `GELU` |
# | `Unflatten(in)` | 1×1 → 7×7 | `ConvTranspose2d(7, 7, 0)`, `BatchNorm2d`, `GELU` |
# | `ConvBlock(in, out)` | | `Conv(in, out)`, `Conv(out, out)` |
# | `DownBlock(in, out)` | | `DownConv(in, out)`, `ConvBlock(out, out)` |
# | `UpBlock(in, out)` | | `UpConv(in, out)`, `ConvBlock(out, out)` |
# | `FCBlock(in, out)` | for section 2 | `Linear(in, out)`, `GELU`, `Linear(out, out)` |
#
# The numbers in brackets are kernel size, stride and padding; the channels go before them.
# `Flatten` has no batch norm and nothing to learn.
#
# **Exercise.** Write the nine blocks. Each is an `nn.Module` with a few lines.

# %% exercise="b1_1_blocks"

# %% [markdown]
# ### The network
#
# With $D$ hidden channels and $C$ channels in the picture ($C = 1$ for digits). `cat` joins along
# the channels.
#
# | step | from | layer | gives | channels | size |
# |---|---|---|---|---|---|
# | 1 | picture | `ConvBlock(C, D)` | `e1` | $D$ | 28 |
# | 2 | `e1` | `DownBlock(D, D)` | `e2` | $D$ | 14 |
# | 3 | `e2` | `DownBlock(D, 2D)` | `e3` | $2D$ | 7 |
# | 4 | `e3` | `Flatten`, then `Unflatten(2D)` | `unflatten` | $2D$ | 7 |
# | 5 | `cat(unflatten, e3)` | `UpBlock(4D, D)` | `up1` | $D$ | 14 |
# | 6 | `cat(up1, e2)` | `UpBlock(2D, D)` | `up2` | $D$ | 28 |
# | 7 | `cat(up2, e1)` | `ConvBlock(2D, D)`, then `nn.Conv2d(D, C, 3, 1, 1)` | result | $C$ | 28 |
#
# The last layer is a bare convolution. With batch norm and GELU behind it, the network could
# hardly produce negative numbers, and in section 2 it will need plenty of them.
#
# **Exercise.** Write `UnconditionalUNet`. For $D = 64$ it has 1,975,361 parameters, for
# $D = 128$ it has 7,891,073; if you count something else, look for the block that differs.

# %% exercise="b1_1_unet"

# %%
unet = UnconditionalUNet(in_channels=1, num_hiddens=64)
print(f"D = 64: {sum(p.numel() for p in unet.parameters()):,} parameters")

# %% [markdown]
# ## B 1.2: Noise, and a network that removes it
#
# **The equation.** In this section the picture is not shrunk; noise is simply added:
#
# $$z = x + \sigma\,\epsilon, \qquad \epsilon\sim\mathcal N(0, I). \tag{B.2}$$
#
# **Exercise.** Write `add_noise`.

# %% exercise="b1_2_noise"

# %% [markdown]
# **What to look at.** Up to which $\sigma$ can *you* read the digits?

# %% manual="b1_2_noising_figure"
# Show digits at the seven noise levels. Use your add_noise().
SIGMAS = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0]

seed_everything()
some_digits = torch.stack([test_digits[n][0] for n in range(4)])
kit.show_noising(add_noise, some_digits, SIGMAS)

# %% [markdown]
# ### Training
#
# **The idea.** Fix $\sigma = 0.5$. For each batch of digits: draw new noise, let the network
# denoise, compare with the clean digits by the mean squared error, and let Adam improve the
# weights. New noise for *every* batch matters: the network then never meets the same input
# twice and can't learn the noise by heart.
#
# Two numbers to compare your loss with: a network that returns its noisy input has
# $\sigma^2 = 0.25$, one that always answers "black" has 0.112. After five epochs with the
# report's settings, training and test loss meet near 0.009.
#
# **Exercise.** Write `train_denoiser`. It returns the loss of every batch as a list of numbers.
# The loader gives pairs `(images, labels)`; the labels are of no use here.

# %% exercise="b1_2_train"


# %%
def denoise(network: nn.Module, noisy: Tensor) -> Tensor:
    """Run a denoiser that is not being trained; the result is on the CPU."""
    network.eval()
    with torch.no_grad():
        return network(noisy.to(device)).cpu()


class TestLoss:
    """The loss on test digits after every epoch, always with the same noise."""

    def __init__(self, network: nn.Module, sigma: float, count: int = 1000) -> None:
        self.network = network
        count = min(count, len(test_digits))
        self.clean = torch.stack([test_digits[n][0] for n in range(count)])
        self.noisy = add_noise(self.clean, sigma)
        self.losses: list[float] = []

    def measure(self) -> None:
        output = torch.cat([denoise(self.network, part) for part in self.noisy.split(250)])
        self.losses.append(F.mse_loss(output, self.clean).item())
        self.network.train()  # give it back as it was


# %%
seed_everything()
denoiser = UnconditionalUNet(in_channels=1, num_hiddens=DENOISER_HIDDENS).to(device)
denoiser_snapshots = Snapshots(denoiser, [1, DENOISER_EPOCHS])
test_loss = TestLoss(denoiser, SIGMA)


def after_denoiser_epoch(epoch: int) -> None:
    """Keep what the figures below need."""
    denoiser_snapshots(epoch)
    test_loss.measure()


denoiser_loader = EpochLoader(
    DataLoader(train_digits, batch_size=DENOISER_BATCH, shuffle=True), after_denoiser_epoch
)
denoiser_losses = train_denoiser(denoiser, denoiser_loader, SIGMA, DENOISER_EPOCHS, DENOISER_LR)
print(f"training loss {denoiser_losses[-1]:.4f}, test loss {test_loss.losses[-1]:.4f}")

# %% manual="b1_2_loss_curves"
# Show the training loss of every batch and the test loss of every epoch in one figure.
kit.show_losses({"training": denoiser_losses, "test": test_loss.losses})

# %% [markdown]
# **What to look at.** The curve falls steeply, then slowly. Is the test loss above the training
# loss? If your network had learned digits by heart, it would be.
#
# Now the pictures: test digits, which the network has never seen, after the first epoch and after
# the last.


# %%
def show_denoised(network: nn.Module, count: int = 6) -> None:
    """Clean, noisy and denoised test digits in three rows."""
    seed_everything()
    clean = torch.stack([test_digits[n][0] for n in range(count)])
    noisy = add_noise(clean, SIGMA)
    rows = {"clean": clean, f"noisy, σ = {SIGMA}": noisy, "denoised": denoise(network, noisy)}
    kit.show_rows({name: 2 * digits - 1 for name, digits in rows.items()})


# %% manual="b1_2_epoch_1"
# Show denoised test digits after the first epoch.
show_denoised(denoiser_snapshots.network(1))

# %% manual="b1_2_epoch_5"
# Show the same digits after the last epoch.
# Write as a comment: what got better since the first epoch?
# Your answer:
show_denoised(denoiser_snapshots.network(DENOISER_EPOCHS))

# %% [markdown]
# ### B 1.2.2: Out of distribution
#
# The network has only ever seen $\sigma = 0.5$. Nobody told it how much noise there is, and it
# never had to ask. What does it do with less noise, and with more?

# %% manual="b1_2_out_of_distribution"
# Show one test digit at all seven noise levels, noisy and denoised.
# Write as a comment: where does the denoiser fail, and why?
# Your answer:
seed_everything()
one_digit = test_digits[0][0][None]
noisy_digits = torch.cat([add_noise(one_digit, sigma) for sigma in SIGMAS])
denoised_digits = denoise(denoiser_snapshots.network(DENOISER_EPOCHS), noisy_digits)
kit.show_rows(
    {"noisy": 2 * noisy_digits - 1, "denoised": 2 * denoised_digits - 1},
    [f"σ = {sigma}" for sigma in SIGMAS],
)

# %% [markdown]
# **To think about.** Could you draw new digits with this network, by handing it pure noise? Try it:
# `denoise(denoiser, torch.randn(4, 1, 28, 28))`. What is missing, compared with the loop of
# Part A?

# %% [markdown]
# # Section 2: A diffusion model
#
# One step from pure noise to a digit is too far: many digits are possible, and the answer with
# the least squared error is a grey blend of all of them. As in Part A we go in many small steps,
# and for this our network has to change in two ways. It must be told *how much* noise
# there is. And it will estimate the *noise* rather than the clean digit:
#
# $$L = \mathbb E_{x_0, t, \epsilon}\,\lVert \epsilon_\theta(x_t, t) - \epsilon\rVert^2. \tag{B.3}$$
#
# The two targets are worth the same, since from one you can compute the other, but the noise has
# the same size at every $t$, which makes for steady training.
#
# ## B 2.1: Telling the UNet the time
#
# **The idea.** The time $t$ is one number, divided by $T$ so that it lies in $[0, 1]$. An
# `FCBlock` turns it into one number per channel, and we add these to a feature map, the same at
# each pixel. We do so at two places, *before* the feature maps are joined with their skips:
#
# $$\text{unflatten} \leftarrow \text{unflatten} + \text{fc1}_t(t), \qquad
# \text{up1} \leftarrow \text{up1} + \text{fc2}_t(t).$$
#
# `fc1_t` is an `FCBlock(1, 2D)` and `fc2_t` an `FCBlock(1, D)`. Their results have the shape
# `(N, 2D)` and `(N, D)`; to add them to a feature map they need two more axes, `(N, 2D, 1, 1)`.
#
# **Exercise.** Write `TimeConditionalUNet`. For $D = 64$ it has 1,996,417 parameters.
# `num_classes` is not used yet; it is there so that both conditional networks are made alike.

# %% exercise="b2_1_time_unet"

# %% [markdown]
# ## B 2.2: The schedule and the training loss
#
# **The idea.** Part A's scheduler came with the model. Now you write your own: $T$ numbers
# $\beta_t$, evenly spaced from $10^{-4}$ to $0.02$, that say how much noise each single
# step adds. From them
#
# $$\alpha_t = 1 - \beta_t, \qquad \bar\alpha_t = \prod_{s \le t} \alpha_s.$$
#
# In this notebook $T = 400$. Arrays start at 0: `alpha_bars[0]` belongs to the first noisy step
# $t = 1$, and `alpha_bars[T - 1]` to $t = T$.
#
# **Exercise.** Write `ddpm_schedule`. Two lines beyond the betas.

# %% exercise="b2_2_schedule"

# %%
schedule = {name: values.to(device) for name, values in ddpm_schedule(1e-4, 0.02, NUM_TS).items()}

fig, ax = plt.subplots(figsize=(6, 2.6))
ax.plot(schedule["alpha_bars"].sqrt().cpu(), label=r"digit: $\sqrt{\bar\alpha_t}$")
ax.plot((1 - schedule["alpha_bars"]).sqrt().cpu(), label=r"noise: $\sqrt{1-\bar\alpha_t}$")
ax.set_xlabel("t")
ax.legend()
plt.show()

# %% [markdown]
# **What to look at.** Does the digit quite vanish at the end? With $T = 300$ about a fifth of it
# would be left, with 400 it is an eighth. This is small enough that we may start from pure
# noise.
#
# **The equation.** Training is (B.3) with the jump you know from Part A:
#
# 1. draw a time $t$ for each picture, uniformly from $1, \dots, T$;
# 2. draw noise $\epsilon \sim \mathcal N(0, I)$;
# 3. $x_t = \sqrt{\bar\alpha_t}\,x_0 + \sqrt{1-\bar\alpha_t}\,\epsilon$;
# 4. the loss is the mean squared error between $\epsilon_\theta(x_t, t/T)$ and $\epsilon$.
#
# Each picture of a batch has a time of its own. Watch the shapes: $\bar\alpha_t$ is `(N,)` and
# $x_0$ is `(N, 1, 28, 28)`. If these multiply without an error, it may be for the wrong reason.
#
# **Exercise.** Write `ddpm_forward`. It returns the loss of one batch.

# %% exercise="b2_2_forward"

# %% [markdown]
# ### Training the time-conditioned model
#
# The loop is given this time; it only calls your `ddpm_forward`. The learning rate starts at
# `LR` and falls by the same factor after each epoch, to reach a tenth of it at the end. We train
# on batches of 128. A network that always answers 0 has a loss of 1; yours should fall to
# about 0.03.


# %%
def train_time_only(network: nn.Module, loader: EpochLoader, num_epochs: int) -> list[float]:
    """Train with `ddpm_forward`; gives the loss of every batch."""
    history = []
    adam = torch.optim.Adam(network.parameters(), lr=LR)
    network.train()
    progress = tqdm(total=num_epochs * len(loader), desc="time only")
    for epoch in range(num_epochs):
        adam.param_groups[0]["lr"] = LR * 0.1 ** (epoch / num_epochs)
        for digits, _ in loader:
            batch_loss = ddpm_forward(network, schedule, digits, NUM_TS)
            adam.zero_grad(set_to_none=True)
            batch_loss.backward()
            adam.step()
            history.append(batch_loss.item())
            progress.update()
    progress.close()
    return history


# %%
seed_everything()
time_unet = TimeConditionalUNet(in_channels=1, num_classes=10, num_hiddens=NUM_HIDDENS).to(device)
time_snapshots = Snapshots(time_unet, SAMPLE_AFTER)
time_loader = EpochLoader(
    DataLoader(train_digits, batch_size=BATCH_SIZE, shuffle=True, drop_last=True), time_snapshots
)
time_losses = train_time_only(time_unet, time_loader, NUM_EPOCHS)

# %% [markdown]
# ## B 2.3: Sampling
#
# **The equation.** Start with $x_T \sim \mathcal N(0, I)$. For $t = T, T-1, \dots, 1$, estimate
# the noise, from it the clean digit, and take the step
#
# $$\hat x_0 = \frac{x_t - \sqrt{1-\bar\alpha_t}\,\epsilon_\theta}{\sqrt{\bar\alpha_t}},
# \qquad
# x_{t-1} = \frac{\sqrt{\bar\alpha_{t-1}}\,\beta_t}{1-\bar\alpha_t}\,\hat x_0
# + \frac{\sqrt{\alpha_t}\,(1-\bar\alpha_{t-1})}{1-\bar\alpha_t}\,x_t + \sqrt{\beta_t}\,z.$$
#
# It is (A.3) without skipping: the noise is now simply $\sqrt{\beta_t}\,z$ with
# $z \sim \mathcal N(0, I)$. Two things happen at the last step, $t = 1$. There is nothing before
# it, so $\bar\alpha_0 = 1$; and $z = 0$, because a finished picture should get no more noise.
#
# **Exercise.** Write `ddpm_sample`. Use the same $t/T$ as in training, and switch gradients off.

# %% exercise="b2_3_sample"

# %% manual="b2_3_loss_curve"
# Show the loss of every batch over the whole training.
kit.show_losses({"time-conditioned": time_losses})

# %% [markdown]
# **What to look at.** Samples after the first epochs look like writing in an unknown alphabet.
# Later most are digits. Which faults remain, even at the end?

# %% manual="b2_3_samples"
# Show samples after each epoch of SAMPLE_AFTER (1, 5 and 20).
for epoch in SAMPLE_AFTER:
    images = ddpm_sample(time_snapshots.network(epoch), schedule, (28, 28), NUM_TS, YOUR_SEED)
    print(f"time only, after epoch {epoch}")
    kit.show_digits(images, columns=8)

# %% [markdown]
# ## B 2.4: Telling the UNet the class
#
# **The idea.** So far the model draws what it likes. Let us tell it which digit we want. The
# class $c$ becomes a *one-hot vector*, ten numbers of which one is 1. Two more `FCBlock`s turn
# it into a factor for each channel: the class scales, the time shifts,
#
# $$\text{unflatten} \leftarrow \text{fc1}_c(c)\cdot\text{unflatten} + \text{fc1}_t(t), \qquad
# \text{up1} \leftarrow \text{fc2}_c(c)\cdot\text{up1} + \text{fc2}_t(t).$$
#
# To use guidance later, the model has to know how to draw without a class as well. So there is a
# `mask` with one number per picture, 1 to keep the class and 0 to drop it. It multiplies the
# one-hot vector, and a dropped class is ten zeros. (Class 0 is something else: that is the
# digit 0.) With `mask=None` every class is kept.
#
# **Exercise.** Write `ClassConditionalUNet`. For $D = 64$ it has 2,019,201 parameters.

# %% exercise="b2_4_class_unet"

# %% [markdown]
# **The loss** is that of B 2.2, with the class handed on and dropped with probability
# $p_\text{uncond} = 0.1$, for each picture on its own.
#
# **Exercise.** Write `ddpm_forward_class`.

# %% exercise="b2_4_forward"

# %% [markdown]
# ## B 2.5: Training and guided sampling
#
# **Exercise.** Write `train_ddpm`: Adam on `ddpm_forward_class`, the loss of every batch kept,
# and after every *epoch* the learning rate multiplied by $0.1^{1/\text{num\_epochs}}$, with
# `torch.optim.lr_scheduler.ExponentialLR`. (After every *batch*, it would be all but
# zero before the first epoch is over.)

# %% exercise="b2_5_train"

# %%
seed_everything()
class_unet = ClassConditionalUNet(1, num_classes=10, num_hiddens=NUM_HIDDENS).to(device)
class_snapshots = Snapshots(class_unet, SAMPLE_AFTER)
class_loader = EpochLoader(
    DataLoader(train_digits, batch_size=BATCH_SIZE, shuffle=True, drop_last=True), class_snapshots
)
class_losses = train_ddpm(class_unet, schedule, class_loader, NUM_TS, NUM_EPOCHS, LR, P_UNCOND)

# %% [markdown]
# **Guided sampling** puts together what you have: two estimates per step, one with the class and
# one with mask 0, combined as in Part A,
#
# $$\epsilon = \epsilon_u + \gamma\,(\epsilon_c - \epsilon_u), \qquad \gamma = 5,$$
#
# and then the step of B 2.3.
#
# **Exercise.** Write `ddpm_sample_class`. It draws one picture for each entry of `c`.

# %% exercise="b2_5_sample"

# %% manual="b2_5_loss_curve"
# Show the loss of every batch over the whole training.
kit.show_losses({"class-conditioned": class_losses})

# %% [markdown]
# **What to look at.** Four samples of every digit, a column for each class. Compare epoch 1 with
# epoch 1 of the time-only model.

# %%
four_of_each = torch.arange(10, device=device).repeat(4)


def show_classes(network: nn.Module, guidance: float, title: str) -> None:
    """Four guided samples of each digit, one class a column."""
    images = ddpm_sample_class(
        network, schedule, four_of_each, (28, 28), NUM_TS, guidance, YOUR_SEED
    )
    print(title)
    rows = images.split(10)
    kit.show_rows({f"{n}": 2 * row - 1 for n, row in enumerate(rows, 1)}, [*"0123456789"])


# %% manual="b2_5_samples"
# Show four samples of every digit after each epoch of SAMPLE_AFTER (1, 5 and 20).
for epoch in SAMPLE_AFTER:
    show_classes(class_snapshots.network(epoch), GUIDANCE, f"with classes, after epoch {epoch}")

# %% [markdown]
# ### How much guidance?
#
# With $\gamma = 0$ the class is ignored, with $\gamma = 1$ the model samples as it was trained.
# Look for two things as $\gamma$ grows: how many digits are the right ones, and how different
# the four of a kind are.

# %%
for scale in [0.0, 5.0] if FAST else [0.0, 1.0, 2.0, 5.0, 10.0]:
    show_classes(class_snapshots.network(SAMPLE_AFTER[-1]), scale, f"guidance {scale:g}")

# %% [markdown]
# ### Time only against class-conditioned
#
# Both models had the same data, the same number of epochs and, but for two small blocks, the same
# network.

# %%
last_epoch = SAMPLE_AFTER[-1]
images = ddpm_sample(time_snapshots.network(last_epoch), schedule, (28, 28), NUM_TS, YOUR_SEED)
print(f"time only, after epoch {last_epoch}")
kit.show_digits(images, columns=8)
show_classes(class_snapshots.network(last_epoch), GUIDANCE, f"with classes, guidance {GUIDANCE:g}")

# %% [markdown] manual="b2_5_comparison"
# **In words** (a short paragraph): which model draws better digits at the same epoch, and what is
# wrong with the others? Give the reasons. Which part does the class play, and which part
# guidance? The figures with different $\gamma$ help to tell them apart.
#
# *Your answer here.*

# %% [markdown]
# ### The film
#
# To end with, watch digits come out of the noise. Your sampler shows the network every $x_t$ on
# the way. We put an eavesdropper in front of it, which notes down what passes, and make a film of
# the notes. No code of yours has to change.


# %%
class Eavesdropper(nn.Module):
    """Passes every call on to a network, and keeps the picture it saw at each time."""

    def __init__(self, network: nn.Module, count: int) -> None:
        super().__init__()
        self.network = network
        self.count = count
        self.seen: dict[float, Tensor] = {}

    def forward(self, x: Tensor, c: Tensor, t: Tensor, mask: Tensor | None = None) -> Tensor:
        self.seen[float(t.flatten()[0])] = x[: self.count].detach().cpu()
        return self.network(x, c, t, mask)


spy = Eavesdropper(class_snapshots.network(last_epoch), count=10)
ten_digits = torch.arange(10, device=device)
final = ddpm_sample_class(spy, schedule, ten_digits, (28, 28), NUM_TS, GUIDANCE, YOUR_SEED)

moments = sorted(spy.seen, reverse=True)  # from noise to digit
frames = [spy.seen[moment] for moment in moments[:: max(1, NUM_TS // 40)]] + [final.cpu()] * 10

fig, ax = plt.subplots(figsize=(8, 1))
ax.axis("off")
strips = [[ax.imshow(torch.cat(list(f[:, 0]), dim=1), cmap="gray", vmin=0, vmax=1)] for f in frames]
film = ArtistAnimation(fig, strips, interval=80)
display(HTML(film.to_jshtml()))
plt.close(fig)

# %% [markdown]
# ## You have reached the end of Part B
#
# You trained a network to guess noise, and it draws. The models that fill the
# web with pictures differ in size, in data and in the text encoder in front, and hardly in
# what you have written here.
