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
# # Part A: The power of diffusion models
#
# Somebody has trained a neural network to do one small thing: look at a noisy picture and say
# which part of it is noise. In this notebook you take that one skill and build with it,
# step by step: a denoiser, a picture generator, an editor, a retoucher, and finally pictures
# that are two things at once.
#
# You need no knowledge of diffusion models. You need a little probability (a Gaussian, its mean,
# its variance) and enough PyTorch to add and multiply tensors.
#
# **How this notebook works**
#
# * Everything that is not mathematics is given: models, pictures, masks, plots.
# * An *exercise* is a function with a docstring and a gap. The docstring tells you the shapes,
#   and where in the papers an equation comes from. Put your code in place of the line that raises
#   `NotImplementedError`.
# * The cell after an exercise checks it with `kit.check(...)` and tells you, in a sentence, what
#   it finds. It runs the visible checks; the grader later runs more of the same kind.
# * Some cells are read by a person: the figures, and the short answers in words. Each says what
#   it wants.
# * Run the cells from top to bottom. When something looks odd, restart the kernel and run all.

# %%
import math
import os
import sys
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from torch import Tensor, nn
from tqdm.auto import tqdm

sys.path.append(str(Path("..").resolve()))  # kit lies there, if not installed
import kit
from kit import add_variance

# %% [markdown]
# ## A 0: Setup, and a first play
#
# ### One seed for everything
#
# Diffusion is full of random numbers. With a fixed seed you get the same picture twice, and
# you can tell a change in your code from a change of luck. Pick a seed, keep it, and
# name it with your first figure. Ours is the first digits of π.

# %%
YOUR_SEED = 3141592

# A short version of everything, for automatic tests of this notebook. Leave it off.
FAST = bool(os.environ.get("COURSE_FAST"))


def seed_everything(seed: int = YOUR_SEED) -> None:
    """Start every random number generator from the same place."""
    torch.manual_seed(seed)  # seeds the CPU and every GPU
    np.random.seed(seed % 2**32)


seed_everything()

# %% [markdown]
# ### The model
#
# `stage_1` is a text-to-image diffusion model that works on pictures of 64×64 pixels. By default
# it is the course's *miniature*: a network of 14 million parameters that we trained on emoji and
# pictograms. It runs on a laptop without a GPU: one step of one picture takes about a tenth of a
# second, one picture about five seconds, and all of this notebook some ten minutes.
#
# The miniature has the same class and the same calls as
# [DeepFloyd IF](https://github.com/deep-floyd/IF), a model about sixty times as large that was
# trained on photographs. Not one line of *your* code changes between the two.

# %%
stage_1 = kit.load_stage_1()

# With a GPU, a Hugging Face account and the accepted DeepFloyd licence, this line instead:
#   stage_1 = kit.load_stage_1(source="DeepFloyd/IF-I-L-v1.0", device="cuda")

device, dtype = stage_1.unet.device, stage_1.unet.dtype
print(f"UNet: {sum(p.numel() for p in stage_1.unet.parameters()) / 1e6:.1f} M parameters")
print(f"on {device}, in {dtype}")

# %% [markdown]
# ### Prompts become numbers
#
# The network cannot read. A text encoder turns each prompt into a table of 77 vectors, the
# *prompt embeddings*, of shape `(1, 77, d)`. The empty prompt `""` has an embedding as well; it
# will turn out to be surprisingly useful.
#
# The miniature knows about a thousand things and a few ways of drawing them;
# `kit.show_prompt_book()` shows some that it draws well. What works is
# `a 3d emoji of a rocket`, `a glossy emoji of a guitar on a pink background`,
# `a black icon of a skull`, or simply `a penguin`. The styles are *3d, glossy, flat, soft, simple,
# bold, blob, sketchy emoji* and *black icon*. A word it has never seen tells it nothing, and
# `kit.embed` warns you of such words. One of them is *an*: say `a 3d emoji of a apple`.
#
# Where DeepFloyd users write `a high quality photo` to mean "just something nice", the miniature
# shrugs: it has seen neither *quality* nor *photo*. Its nearest relative is `a 3d emoji` with no
# object named, so that is our generic prompt. It is a makeshift, not a translation: the model met
# these words in training, but never without a thing to draw. Watch what it makes of that.
#
# The second dictionary below has prompts for DeepFloyd; use it if you load that model. DeepFloyd's
# text encoder fills a GPU of its own, so its embeddings are made once and kept in a file. In a
# session in which no model is loaded, and with all the prompts that you want to use:
#
# ```python
# kit.precompute_embeddings(["a rocket ship", "a pencil"], "prompts.safetensors")
# ```
#
# (It takes 11 GB of GPU memory, or 8 with `eight_bit=True`.) Then restart the kernel, load the
# model and put the file's name into `EMBEDDINGS`.

# %%
MINIATURE_PROMPTS = {
    "generic": "a 3d emoji",
    "village": "a 3d emoji of a snow-capped mountain",
    "hat": "a 3d emoji of a top hat",
    "rocket": "a 3d emoji of a rocket",
    "anagram 1": ("a skull", "a birthday cake"),
    "anagram 2": ("a mushroom", "a strawberry"),
    "anagram 3": ("a dress", "a pizza"),
    "hybrid 1": ("a rabbit face", "a tulip"),
    "hybrid 2": ("a lion", "a sunflower"),
    "hybrid 3": ("a bear", "a cookie"),
}
DEEPFLOYD_PROMPTS = {
    "generic": "a high quality photo",
    "village": "an oil painting of a snowy mountain village",
    "hat": "a man wearing a hat",
    "rocket": "a rocket ship",
    "anagram 1": ("an oil painting of an old man", "an oil painting of people around a campfire"),
    "anagram 2": ("a photo of a hipster barista", "a man wearing a hat"),
    "anagram 3": ("a photo of a dog", "a pencil"),
    "hybrid 1": ("a lithograph of a skull", "a lithograph of waterfalls"),
    "hybrid 2": ("a man wearing a hat", "a photo of the amalfi cost"),
    "hybrid 3": ("a rocket ship", "a pencil"),
}
PROMPTS = MINIATURE_PROMPTS  # or DEEPFLOYD_PROMPTS
EMBEDDINGS = None  # for DeepFloyd: "prompts.safetensors"

texts = [""]
for prompt in PROMPTS.values():
    texts.extend([prompt] if isinstance(prompt, str) else prompt)
embeds = kit.embed(texts, stage_1, embeddings=EMBEDDINGS)

generic = embeds[PROMPTS["generic"]]
uncond = embeds[""]
print("one embedding:", tuple(generic.shape))

# %% [markdown]
# ### Play
#
# Before you build the machine, drive it once. The pipeline has its own sampler; it turns noise
# into a picture in `num_inference_steps` small steps. Three prompts, three numbers of steps, the
# same seed each time.
#
# **Try:** prompts of your own, other styles, other numbers of steps.


# %%
def play(prompts: list[str], steps: int) -> Tensor:
    """Pictures for the prompts, (N, 3, 64, 64) in [0, 1], from the pipeline's own sampler."""
    seed_everything()
    known = kit.embed(["", *prompts], stage_1, embeddings=EMBEDDINGS)
    return stage_1(
        prompt_embeds=torch.cat([known[p] for p in prompts]),
        negative_prompt_embeds=torch.cat([known[""]] * len(prompts)),
        num_inference_steps=steps,
        output_type="pt",
    ).images


my_prompts = [PROMPTS["village"], PROMPTS["hat"], PROMPTS["rocket"]]
my_titles = [textwrap.fill(prompt, 14) for prompt in my_prompts]
STEPS = [2, 3, 4] if FAST else [5, 10, 100]

# %% manual="a0_prompts"
# Show one picture for each of three prompts. Change my_prompts above as you like.
# Write as comments: which seed do you use? How well does each picture fit its prompt?
# Your answer:
by_steps = {steps: play(my_prompts, steps) for steps in STEPS}
kit.show_images(by_steps[STEPS[-1]] * 2 - 1, my_titles)

# %% [markdown]
# **What to look at next.** The same prompts and the same seed with fewer steps. Many small steps
# take longer than a few large ones. Are they worth it?

# %% manual="a0_steps"
# Show the three prompts at all three numbers of steps.
# Write as comments: what changes with the number of steps, in detail and in the whole?
# Your answer:
kit.show_rows({f"{steps} steps": images * 2 - 1 for steps, images in by_steps.items()}, my_titles)

# %% [markdown]
# ## A 1: Sampling loops
#
# Now open the machine. A diffusion model lives between two worlds: at $t = 0$ there are clean
# pictures $x_0$; at $t = T$ (here $T = 1000$) there is nothing left but Gaussian noise. On the way
# from left to right we add noise, which is easy. On the way back we need to know what to
# take away, and this is what the network has learned.
#
# How much noise there is at step $t$ is written in one list of the scheduler, `alphas_cumprod`,
# called $\bar\alpha_t$ in the formulas. It starts just below 1 (all picture) and falls to almost
# 0 (all noise).

# %%
alphas_cumprod = stage_1.scheduler.alphas_cumprod  # (1000,) on the CPU

fig, ax = plt.subplots(figsize=(6, 2.6))
ax.plot(alphas_cumprod.sqrt(), label=r"picture: $\sqrt{\bar\alpha_t}$")
ax.plot((1 - alphas_cumprod).sqrt(), label=r"noise: $\sqrt{1-\bar\alpha_t}$")
ax.set_xlabel("t")
ax.legend()
plt.show()

# %% [markdown]
# ### The test picture
#
# One picture will go with us through this part: a small hand-drawn house. `kit.load_image` opens
# a picture of the course by its name, or a file of yours by its path. `kit.process_pil_im` crops
# the middle square, scales it to 64×64 and gives a tensor of shape `(1, 3, 64, 64)` with values in
# $[-1, 1]$.
#
# The course ships photographs too. The miniature has seen drawings only, so it will be less at
# home with a photograph; DeepFloyd is the other way round.


# %%
def load(name: str) -> Tensor:
    """A picture as the model likes it, (1, 3, 64, 64), in [-1, 1]."""
    return kit.process_pil_im(kit.load_image(name)).to(device, dtype)


test_im = load("draw_house")
print(tuple(test_im.shape), f"from {test_im.min():.2f} to {test_im.max():.2f}")
print("at hand:", ", ".join(kit.picture_names()))
kit.show_images(test_im, ["test picture"])

# %% [markdown]
# ## A 1.1: The forward process
#
# **The idea.** To make a noisy picture, shrink the clean one a little and add Gaussian noise. The
# shrinking matters: if pixels and noise both have variance 1, then so has the sum, at every $t$.
# The network always sees numbers of the same size.
#
# **The equation.** Given a clean picture $x_0$, the picture at time $t$ is a sample of
#
# $$q(x_t \mid x_0) = \mathcal N\big(x_t;\ \sqrt{\bar\alpha_t}\,x_0,\ (1-\bar\alpha_t)\,I\big),$$
#
# which is the same as
#
# $$x_t = \sqrt{\bar\alpha_t}\;x_0 + \sqrt{1-\bar\alpha_t}\;\epsilon,
# \qquad \epsilon\sim\mathcal N(0, I). \tag{A.1}$$
#
# Notice that there is no loop: we jump from 0 to any $t$ in one go. Notice also the roots:
# $1-\bar\alpha_t$ is a *variance*, while $\epsilon$ is multiplied by a *standard deviation*.
#
# **Exercise.** Write `forward`. Draw new noise on every call, with the shape of the picture.

# %% exercise="a1_1_forward"

# %% [markdown]
# **What to look at.** At $t = 250$ you should recognise the house with ease, at 500 with some
# good will, at 750 hardly.

# %% manual="a1_1_figure"
# Show the test picture at t = 250, 500 and 750. Use your forward().
NOISE_LEVELS = [250, 500, 750]

seed_everything()
noisy = {t: forward(test_im, t, alphas_cumprod) for t in NOISE_LEVELS}
kit.show_images([test_im, *noisy.values()], ["clean", *(f"t = {t}" for t in NOISE_LEVELS)])

# %% [markdown]
# ## A 1.2: Classical denoising
#
# **The idea.** How would one have removed noise before neural networks? Average each pixel with
# its neighbours: independent noise cancels, the picture stays, more or less. With Gaussian weights
# this average is the Gaussian blur,
#
# $$\hat x_0 = G_\sigma * x_t, \qquad
# G_\sigma(u, v) \propto \exp\!\left(-\frac{u^2 + v^2}{2\sigma^2}\right).$$
#
# **Exercise.** Write `classical_denoise` with `TF.gaussian_blur`. It is one line. We ask
# for it because the next methods need something to beat.

# %% exercise="a1_2_classical"

# %% [markdown]
# **What to look at.** A small $\sigma$ leaves noise, a large one takes the edges of the house
# along with it. There is no value in between that does neither. Try some.

# %% manual="a1_2_figure"
# Show noisy and blurred side by side for the three t. Choose the kernel size and sigma you like.
# Write as a comment: what is lost together with the noise?
# Your answer:
KERNEL_SIZE, SIGMA = 5, 2.0

blurred = {t: classical_denoise(noisy[t], KERNEL_SIZE, SIGMA) for t in NOISE_LEVELS}
kit.show_rows(
    {"noisy": list(noisy.values()), "blurred": list(blurred.values())},
    [f"t = {t}" for t in NOISE_LEVELS],
)

# %% [markdown]
# ## A 1.3: One-step denoising
#
# **The idea.** The blur knows nothing about pictures. The UNet has seen a great many. It
# gets the noisy picture, the time $t$ and a prompt, and estimates the noise
# $\hat\epsilon = \epsilon_\theta(x_t, t, \text{prompt})$ that was added. Once you know the noise,
# the clean picture follows by school algebra: solve (A.1) for $x_0$,
#
# $$\hat x_0 = \frac{x_t - \sqrt{1-\bar\alpha_t}\;\hat\epsilon}{\sqrt{\bar\alpha_t}}. \tag{A.2}$$
#
# **The call.** `stage_1.unet(im_noisy, t, encoder_hidden_states=prompt_embeds,
# return_dict=False)[0]` gives a tensor of shape `(1, 6, 64, 64)`. The first three channels are
# the noise estimate. The other three describe a variance; leave them for the next section.
#
# Two practical points. The UNet wants everything on its own device and in its own precision, and
# one embedding per picture: `x.to(unet.device, unet.dtype)` and
# `prompt_embeds.expand(len(x), -1, -1)`. And nothing is trained here, so wrap the call in
# `torch.no_grad()`; it saves a lot of memory.
#
# **Exercise.** Write `one_step_denoise`. It returns $\hat x_0$.

# %% exercise="a1_3_one_step"

# %% [markdown]
# **What to look at.** Compare with the blur: edges are back. Then look at $t = 750$.
# The estimate is smooth and perhaps *not the same house*: where the noise has destroyed the
# picture, the network fills in what is likely.

# %% manual="a1_3_figure"
# Show original, noisy picture and one-step estimate for the three t.
# Write as a comment: how does the estimate change as t grows?
# Your answer:
one_step = {t: one_step_denoise(stage_1, noisy[t], t, generic) for t in NOISE_LEVELS}
kit.show_rows(
    {
        "original": [test_im] * len(NOISE_LEVELS),
        "noisy": list(noisy.values()),
        "one step": list(one_step.values()),
    },
    [f"t = {t}" for t in NOISE_LEVELS],
)

# %% [markdown]
# ## A 1.4: Iterative denoising
#
# **The idea.** A single step from $t = 750$ asks for too much: many clean pictures could hide
# behind the same noise, and the best single answer is their average, which is blurry. So we do
# not go all the way. We take a small step towards $\hat x_0$, put back a little fresh noise, and
# ask again. Each step settles something, and the next question is an easier one.
#
# A thousand steps would be slow, and we may skip most of them. We use
# *strided timesteps*: 990, 960, 930, …, 30, 0.
#
# **Exercise.** Write `strided_timesteps`. Start at 990, stride 30, and do not lose the 0 at the
# end. There are 34 numbers.

# %% exercise="a1_4_timesteps"

# %%
timesteps = strided_timesteps()
print(len(timesteps), "timesteps:", *timesteps[:3], "...", *timesteps[-3:])

I_START = 10
LEVELS = [1, 3, 5, 7, 10, 20]
SHOW_EVERY = 5
NUM_SAMPLES = 5
if FAST:  # three giant steps
    timesteps = timesteps[::11]
    I_START, LEVELS, SHOW_EVERY, NUM_SAMPLES = 1, [1, 2], 1, 2

# %% [markdown]
# **The equation.** Let $t$ be the time where we are and $t' < t$ the next, less noisy one. In the
# list, `t = timesteps[i]` and `t' = timesteps[i + 1]`. Then
#
# $$x_{t'} = \frac{\sqrt{\bar\alpha_{t'}}\,\beta_t}{1-\bar\alpha_t}\,\hat x_0
#  + \frac{\sqrt{\alpha_t}\,(1-\bar\alpha_{t'})}{1-\bar\alpha_t}\,x_t + v_\sigma, \tag{A.3}$$
#
# with
#
# $$\alpha_t = \frac{\bar\alpha_t}{\bar\alpha_{t'}}, \qquad \beta_t = 1-\alpha_t,$$
#
# and $\hat x_0$ from (A.2). Read it as a weighted mean: some of the estimate, some of the
# picture we have, and the noise $v_\sigma$ on top. It is the mean of the posterior
# $q(x_{t'} \mid x_t, x_0)$ in [DDPM](https://arxiv.org/abs/2006.11239), with $\hat x_0$ in place
# of the unknown $x_0$.
#
# Because we skip, $\alpha_t$ belongs to the *jump* from $t$ to $t'$. It is not
# `stage_1.scheduler.alphas[t]`, which belongs to a single step.
#
# **The noise.** How large $v_\sigma$ should be is what the other three channels are for.
# `add_variance(stage_1, predicted_variance, t, image)` turns them into a variance and returns
# the image with noise added. Give it the current $t$. It looks up $t'$ in the scheduler, so the
# scheduler has to know the list: `stage_1.scheduler.set_timesteps(timesteps=timesteps)`.
#
# **Exercise.** Write `iterative_denoise`. It starts with a picture that has the noise of
# `timesteps[i_start]` and makes one transition for each `i` from `i_start` to
# `len(timesteps) - 2`. There is no transition that starts at $t = 0$.

# %% exercise="a1_4_iterative"

# %% [markdown]
# **What to look at.** We noise the house up to `timesteps[10]` = 690 and walk back. A walk can be
# interrupted and continued, so to see what happens on the way we call your
# function with a shortened list, look, and go on. Can you see which things appear first, the
# large or the small?

# %% manual="a1_4_figure"
# Show every fifth step, then compare: original, noisy, iterative, one-step, blurred.
# Write as a comment: how does the iterative result differ from the one-step result?
# Your answer:
seed_everything()
t_start = timesteps[I_START]
noisy_start = forward(test_im, t_start, alphas_cumprod)

walk, titles, x = [noisy_start], [f"t = {t_start}"], noisy_start
for i in range(I_START, len(timesteps) - 1, SHOW_EVERY):
    stop = min(i + SHOW_EVERY, len(timesteps) - 1)
    x = iterative_denoise(stage_1, x, i, generic, timesteps[: stop + 1])
    walk.append(x)
    titles.append(f"t = {timesteps[stop]}")
kit.show_images(walk, titles, columns=8)

kit.show_images(
    [
        test_im,
        noisy_start,
        walk[-1],
        one_step_denoise(stage_1, noisy_start, t_start, generic),
        classical_denoise(noisy_start),
    ],
    ["original", "noisy", "iterative", "one step", "blurred"],
)

# %% [markdown]
# **To think about.** The iterative picture is sharper than the one-step picture. Is it also
# *closer to the original*? Measure it: `F.mse_loss(walk[-1], test_im)`. Why might a single step do
# better in mean squared error, and yet look worse?

# %% [markdown]
# ## A 1.5: Sampling
#
# **The idea.** What if we start with nothing? Take $i_\text{start} = 0$ and hand the loop pure
# noise,
#
# $$x_{990} \sim \mathcal N(0, I).$$
#
# The loop can't tell that there never was a picture. It denoises all the same and arrives
# at one: a new picture, from nobody's camera. At $t = 990$ there is so little left of a
# picture that the difference does not matter.
#
# **Exercise.** Write `sample`. You have the loop already. The result has shape
# `(num_images, 3, 64, 64)`.

# %% exercise="a1_5_sample"

# %% [markdown]
# **What to look at.** Five samples of the generic prompt. Don't be disappointed. Ask: does
# every picture look like *something*? Are they as clear as the pictures of your first play?

# %% manual="a1_5_figure"
# Show five samples of the generic prompt.
seed_everything()
samples = sample(stage_1, NUM_SAMPLES, generic, timesteps)
kit.show_images(samples, [f"sample {n + 1}" for n in range(NUM_SAMPLES)])

# %% [markdown]
# ## A 1.6: Classifier-free guidance
#
# **The idea.** Ask the network twice: once with the prompt, once with the empty prompt `""`. The
# difference of the two answers points in the direction in which the prompt pulls. Follow this
# direction, and go further than the network itself would:
#
# $$\epsilon = \epsilon_u + \gamma\,(\epsilon_c - \epsilon_u). \tag{A.4}$$
#
# Here $\epsilon_c$ is the estimate with the prompt (*conditional*), $\epsilon_u$ the one with the
# empty prompt (*unconditional*), and $\gamma$ the *guidance scale*. Check two values in your
# head: $\gamma = 0$ ignores the prompt and $\gamma = 1$ is what you did so far. Magic begins
# beyond 1: variety goes down, quality up. We use $\gamma = 7$. Why this works
# so well is still debated.
#
# **Exercise.** Write `cfg_noise`, which is (A.4), and `iterative_denoise_cfg`, your loop with
# two calls of the UNet per step. Use the variance channels of the conditional call.

# %% exercise="a1_6_cfg"

# %% [markdown]
# **What to look at.** The same seed, prompt and number of samples, only with guidance. With the
# miniature the lesson is a blunt one: what do most of its emoji show?

# %% manual="a1_6_figure"
# Show five samples of the generic prompt with guidance 7, below those without.
# Write as a comment: how do the two rows differ?
# Your answer:
SCALE = 7

seed_everything()
guided = []
for _ in range(NUM_SAMPLES):
    noise = torch.randn(1, 3, 64, 64).to(device, dtype)
    guided.append(iterative_denoise_cfg(stage_1, noise, 0, generic, uncond, timesteps, SCALE))
kit.show_rows({"without guidance": samples, f"scale {SCALE}": guided})

# %% [markdown] manual="a1_6_question"
# **In words** (a short paragraph): what did guidance improve, and what did it cost? What would you
# expect at $\gamma = 30$, and at $\gamma = -3$? Try it.
#
# *Your answer here.*

# %% [markdown]
# ## A 1.7: Image-to-image translation
#
# **The idea.** In A 1.4 we added noise to a picture and took it away again, and what came back was
# not quite the same. This is not a failure, it is an editor. The more noise, the more the
# model must invent, and what it invents is always a plausible picture. So a crude sketch goes in
# and something of the kind the model knows comes out. The method is called
# [SDEdit](https://arxiv.org/abs/2108.01073).
#
# **The recipe.** Noise the picture with (A.1) to $t = $ `timesteps[i_start]`, then run the guided
# loop from there. Take care: `i_start` counts *places in the list*, `forward` wants a *time*.
#
# | `i_start` | 1 | 3 | 5 | 7 | 10 | 20 |
# |---|---|---|---|---|---|---|
# | $t$ | 960 | 900 | 840 | 780 | 690 | 390 |
#
# **Exercise.** Write `sdedit`. Two lines will do. From here on, everything uses guidance.

# %% exercise="a1_7_sdedit"


# %%
def edit_at_all_levels(image: Tensor, prompt_embeds: Tensor) -> list[Tensor]:
    """Edit one picture at every level of `LEVELS`; the picture itself comes last."""
    edits = []
    for i_start in LEVELS:
        seed_everything()
        edits.append(sdedit(stage_1, image, i_start, prompt_embeds, uncond, timesteps, SCALE))
    return [*edits, image]


LEVEL_TITLES = [*(f"i_start = {i}" for i in LEVELS), "original"]

# %% [markdown]
# **What to look at.** Read the row from left to right: the original is approached. Where does it
# begin to be *this* house? Six edits take about half a minute on a laptop.

# %% manual="a1_7_figure"
# Edit the test picture at all six levels.
kit.show_rows({"house": edit_at_all_levels(test_im, generic)}, LEVEL_TITLES)

# %% [markdown]
# ## A 1.7.1: Your own, hand-drawn and web pictures
#
# SDEdit is at its best with pictures that are *not* realistic: the model pulls them
# towards what it knows. Bring two pictures of your own, one from the web (say where it is from)
# and two drawings. Any program that saves a PNG will do for drawing, or paper and a phone; crude
# is good. We ship a few pictures, so that the cells run as they stand.
#
# `load("path/to/file.png")` reads a file. Without a drawing program, draw in code:
# `kit.drawing` takes a list of strokes, with coordinates from $(0, 0)$, the upper left corner, to
# $(1, 1)$. Our second drawing is made in this way.
#
# **What to look at.** The miniature knows only emoji. What does it make of a photograph, and
# is it easier for a drawing? With DeepFloyd, ask the same the other way round.

# %% manual="a1_7_1_own"
# Replace the two names by pictures of your own.
OWN_PICTURES = ["rocket", "chelsea_cat"]

own = {name: load(name) for name in OWN_PICTURES}
kit.show_rows(
    {name: edit_at_all_levels(image, generic) for name, image in own.items()}, LEVEL_TITLES
)

# %% manual="a1_7_1_web"
# Replace the name by a picture from the web.
# Write as a comment: where is it from?
# Your answer:
WEB_PICTURE = "astronaut"

web = load(WEB_PICTURE)
kit.show_rows({WEB_PICTURE: edit_at_all_levels(web, generic)}, LEVEL_TITLES)

# %%
my_drawing = kit.drawing(
    [
        kit.Stroke(
            [(0.35, 0.75), (0.35, 0.4), (0.5, 0.1), (0.65, 0.4), (0.65, 0.75)], "red", fill=True
        ),
        kit.Stroke([(0.35, 0.6), (0.2, 0.8), (0.35, 0.75)], "navy", fill=True),
        kit.Stroke([(0.65, 0.6), (0.8, 0.8), (0.65, 0.75)], "navy", fill=True),
        kit.Stroke([(0.4, 0.75), (0.5, 0.97), (0.6, 0.75)], "orange", fill=True),
        kit.Stroke([(0.5, 0.42), (0.5, 0.43)], "lightblue", width=0.14),
    ]
)

# %% manual="a1_7_1_drawn"
# Replace the two pictures by drawings of your own.
drawn = {"drawing 1": load("draw_fish"), "drawing 2": kit.process_pil_im(my_drawing)}
drawn = {name: image.to(device, dtype) for name, image in drawn.items()}
kit.show_rows(
    {name: edit_at_all_levels(image, generic) for name, image in drawn.items()}, LEVEL_TITLES
)

# %% [markdown]
# ## A 1.7.2: Inpainting
#
# **The idea.** Now change only a part of a picture and keep the rest. Say the mask $m$ is 1 where
# something new shall appear and 0 where the picture stays. Start with pure noise and run the
# guided loop, but after *every* step overwrite the part that should stay with the original,
# noised to the level that the loop has just reached:
#
# $$x_{t'} \leftarrow m\,x_{t'} + (1-m)\,\text{forward}(x_\text{orig}, t'). \tag{A.5}$$
#
# So at every step the network sees a complete picture with equal noise everywhere, and makes the
# new part fit the old one. The $t'$ in this formula is the time of the *new* picture.
# With the old $t$ the frame would always be one step too noisy. (The idea is from
# [RePaint](https://arxiv.org/abs/2201.09865).)
#
# **Exercise.** Write `inpaint`. Do not change `original_image` itself.

# %% exercise="a1_7_2_inpaint"

# %% [markdown]
# **What to look at.** Outside the mask the picture should be the original, up to a trace of noise
# that no eye can see. Inside there is something new. Is the seam visible? Inpainting is a
# gamble: run it several times, with other seeds and prompts, and keep the best.

# %% manual="a1_7_2_figure"
# Inpaint the test picture and two others, with masks (and prompts) of your own.
# kit.rectangle_mask(top, bottom, left, right) and kit.disc_mask(row, column, radius) make masks.
jobs = {
    "house": (test_im, kit.rectangle_mask(2, 20, 24, 42), generic),
    "drawing 1": (drawn["drawing 1"], kit.disc_mask(row=32, column=32, radius=14), generic),
    "drawing 2": (drawn["drawing 2"], kit.rectangle_mask(0, 64, 0, 32), generic),
}
rows = {}
for name, (image, mask, prompt_embeds) in jobs.items():
    seed_everything()
    mask = mask.to(device, dtype)
    result = inpaint(stage_1, image, mask, prompt_embeds, uncond, timesteps, SCALE)
    rows[name] = [image, 2 * mask - 1, image * (1 - mask), result]
kit.show_rows(rows, ["original", "mask", "kept", "inpainted"])

# %% [markdown]
# ## A 1.7.3: Text-conditional image-to-image translation
#
# Until now the prompt was there only to say "something nice". Let it say something. Nothing is to
# be written here: `sdedit` takes any prompt. With much noise the prompt wins, with little noise
# the picture wins, and in between there are the interesting ones, where a house makes up its
# mind to become a rocket.

# %% manual="a1_7_3_figure"
# Edit the test picture and two others towards a prompt of your choice.
target = embeds[PROMPTS["rocket"]]
three = {"house": test_im, "fish": drawn["drawing 1"], "cat": load("chelsea_cat")}
kit.show_rows(
    {name: edit_at_all_levels(image, target) for name, image in three.items()}, LEVEL_TITLES
)

# %% [markdown]
# **To think about.** At which `i_start` do prompt and picture meet best, and does this depend on
# the picture? What in the picture survives longest: colours, outlines or details? Explain it with
# the noise.

# %% [markdown]
# ## A 1.8: Visual anagrams
#
# **The idea.** A picture that shows one thing upright and another one upside down. Draughtsmen
# sweat over these; we only need to ask two questions per step. Estimate the noise for the first
# prompt as always. Flip the picture, estimate for the second prompt, flip the estimate back. Then
# follow the mean of both:
#
# $$\begin{aligned}
# \epsilon_1 &= \text{CFG}\big(x_t,\ t,\ p_1\big) \\
# \epsilon_2 &= \text{flip}\Big(\text{CFG}\big(\text{flip}(x_t),\ t,\ p_2\big)\Big) \\
# \epsilon   &= (\epsilon_1 + \epsilon_2)\,/\,2
# \end{aligned} \tag{A.6}$$
#
# CFG is (A.4), so a step has four calls of the UNet. Each prompt pulls at the picture in its
# own orientation, and what remains is what both can live with. Here flip means turning the
# picture top to bottom, like a reflection in water: `torch.flip(x, dims=[2])`. For the variance
# use the conditional channels of the upright call. The method is from
# [Visual Anagrams](https://arxiv.org/abs/2311.17919).
#
# **Exercise.** Write `visual_anagrams`. `prompt_embeds` is a pair: upright, upside down.

# %% exercise="a1_8_anagram"


# %%
def pair_of(name: str) -> tuple[Tensor, Tensor]:
    """The embeddings of the two prompts of an anagram or a hybrid."""
    first, second = PROMPTS[name]
    return embeds[first], embeds[second]


# %% [markdown]
# **What to look at.** Look at the upper row, then at the lower one, which shows the same pictures
# upside down. Not every try gives a good one, so we make four of each and you choose. For a hundred
# pairs of things picked at random, a classifier that had to choose among a hundred names found both
# in one try in fourteen, and for three pairs in ten in the best of eight tries. We found these
# pairs by eye, out of a dozen, and took the best of eight seeds for the figure in the README.
# Things with a similar outline do best; with others one prompt wins, or the picture is neither. A
# classifier is a stern judge: of our figure it named only the mushroom rightly among all names.

# %% manual="a1_8_figure"
# Show three anagrams, upright and flipped; use the pairs given or find better ones.
TRIES = 4
for name in ["anagram 1", "anagram 2", "anagram 3"][: 1 if FAST else 3]:
    seed_everything()
    noise = torch.randn(TRIES, 3, 64, 64).to(device, dtype)
    images = visual_anagrams(stage_1, noise, 0, pair_of(name), uncond, timesteps, SCALE)
    first, second = PROMPTS[name]
    kit.show_rows({first: images, f"upside down: {second}": torch.flip(images, dims=[2])})

# %% [markdown]
# ## A 1.9: Hybrid images
#
# **The idea.** A picture that is one thing from far away and another from close by. From
# far away you see only the coarse parts, the *low frequencies*; the fine ones, the *high
# frequencies*, need a close look. So let one prompt rule the low frequencies of the noise
# estimate and the other the high ones:
#
# $$\begin{aligned}
# \epsilon_1 &= \text{CFG}(x_t, t, p_1), \qquad \epsilon_2 = \text{CFG}(x_t, t, p_2) \\
# \epsilon &= f_\text{lowpass}(\epsilon_1) + f_\text{highpass}(\epsilon_2), \qquad
# f_\text{highpass}(\epsilon) = \epsilon - f_\text{lowpass}(\epsilon)
# \end{aligned} \tag{A.7}$$
#
# The low pass is the Gaussian blur with kernel size 33 and $\sigma = 2$. Mind what is blurred:
# the noise *estimates*, never the picture itself. If both prompts were the same, the filters would
# add up to nothing at all; that makes a good test. (The idea is from
# [Factorized Diffusion](https://arxiv.org/abs/2404.11615).)
#
# **Exercise.** Write `make_hybrids`. `prompt_embeds` is a pair: far (low), near (high). Use the
# conditional variance channels of the far call.

# %% exercise="a1_9_hybrid"

# %% [markdown]
# **What to look at.** Step back from the screen, or screw up your eyes. The lower row does this
# for you: it shows the same pictures blurred. Hybrids are the least reliable of all these tricks;
# again there are four tries of each pair. Where both prompts agree on the outline it
# is easiest: the ears of a rabbit are the petals of a tulip. `a skull` with `a water wave` is
# harder.

# %% manual="a1_9_figure"
# Show three hybrids, near and far; use the pairs given or find better ones.
for name in ["hybrid 1", "hybrid 2", "hybrid 3"][: 1 if FAST else 3]:
    seed_everything()
    noise = torch.randn(TRIES, 3, 64, 64).to(device, dtype)
    images = make_hybrids(stage_1, noise, 0, pair_of(name), uncond, timesteps, SCALE)
    first, second = PROMPTS[name]
    from_afar = TF.gaussian_blur(images, [33, 33], [2.0, 2.0])
    kit.show_rows({f"near: {second}": images, f"far: {first}": from_afar})

# %% [markdown]
# ## You have reached the end of Part A
#
# One network that estimates noise, and with a loop around it: a denoiser, a generator, an editor,
# a retoucher and two optical illusions. You changed only *what you ask it* and *what you
# do with the answer*.
#
# But who taught the network? That is Part B, where you train one yourself.
