"""Exercises A 1.1 to A 1.6: noising, denoising and sampling with a pretrained pixel model.

Timesteps run from 0 (clean) to 999 (noise). Of `stage_1`, a diffusers `IFPipeline`, only `unet`
and `scheduler` are used. DDPM is Ho et al. (2020); its alpha_bar_t is `alphas_cumprod[t]`.
"""

from typing import TYPE_CHECKING

import torch
import torchvision.transforms.functional as TF
from kit import add_variance
from torch import Tensor

if TYPE_CHECKING:
    # diffusers sets .unet and .scheduler at run time, where no type checker sees them.
    from typing import Any as IFPipeline


def forward(im: Tensor, t: int, alphas_cumprod: Tensor) -> Tensor:
    """Noise a clean image to timestep t (DDPM, eq. 4).

    x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon, with epsilon ~ N(0, I).

    Args:
        im: Clean image x_0, (B, 3, 64, 64), in [-1, 1]. It is not changed.
        t: Timestep, 0 (clean) to 999 (noise).
        alphas_cumprod: alpha_bar at every timestep, (1000,), in (0, 1).

    Returns:
        Noisy image x_t, (B, 3, 64, 64), on the device and in the dtype of `im`.
    """
    # Look up alpha_bar_t, draw the noise with torch.randn_like, then mix the two.
    ### BEGIN SOLUTION
    alpha_bar, epsilon = alphas_cumprod[t], torch.randn_like(im)
    return alpha_bar.sqrt() * im + (1 - alpha_bar).sqrt() * epsilon
    ### END SOLUTION


def classical_denoise(im_noisy: Tensor, kernel_size: int = 5, sigma: float = 2.0) -> Tensor:
    """Denoise by blurring, with torchvision's `gaussian_blur`.

    Args:
        im_noisy: Noisy image, (B, 3, 64, 64), in [-1, 1] before noise was added.
        kernel_size: Width of the square Gaussian kernel in pixels; odd.
        sigma: Standard deviation of the Gaussian in pixels; positive.

    Returns:
        Blurred image, (B, 3, 64, 64), on the device and in the dtype of `im_noisy`.
    """
    # TF is torchvision.transforms.functional.
    ### BEGIN SOLUTION
    return TF.gaussian_blur(im_noisy, [kernel_size, kernel_size], [sigma, sigma])
    ### END SOLUTION


def one_step_denoise(
    stage_1: "IFPipeline", im_noisy: Tensor, t: int, prompt_embeds: Tensor
) -> Tensor:
    """Estimate the clean image from one call of the UNet (DDPM, eq. 15).

    x0_hat = (x_t - sqrt(1 - alpha_bar_t) epsilon_hat) / sqrt(alpha_bar_t). The UNet takes
    `unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]`, with x and the embeddings
    on its own device and in its own dtype and one embedding per image, and gives 6 channels:
    3 of noise, then 3 of variance, which are not used here. No gradient is recorded.

    Args:
        stage_1: Pipeline whose `unet` and `scheduler.alphas_cumprod` are used.
        im_noisy: Noisy image x_t, (B, 3, 64, 64).
        t: Its timestep, 0 (clean) to 999 (noise).
        prompt_embeds: Embedding of the prompt, (1, 77, d) or (B, 77, d).

    Returns:
        Clean estimate, (B, 3, 64, 64), on the device and in the dtype of `im_noisy`; not clipped.
    """
    # Undo eq. 4 with the UNet's noise in place of the true one.
    ### BEGIN SOLUTION
    unet, alpha_bar = stage_1.unet, stage_1.scheduler.alphas_cumprod[t]
    x = im_noisy.to(unet.device, unet.dtype)
    embeds = prompt_embeds.to(unet.device, unet.dtype).expand(len(x), -1, -1)
    with torch.no_grad():
        output = unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
    noise_est, _ = output.to(im_noisy).split(im_noisy.shape[1], dim=1)
    im: Tensor = (im_noisy - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()
    return im
    ### END SOLUTION


def strided_timesteps(start: int = 990, stride: int = 30) -> list[int]:
    """List the timesteps that iterative denoising visits, noisiest first.

    Args:
        start: First timestep, at most 999; a multiple of `stride`.
        stride: Distance between neighbours, positive.

    Returns:
        start, start - stride, ..., 0; 34 entries by default. The 0 is the last one.
    """
    # Mind the end of Python's range: 0 belongs to the list.
    ### BEGIN SOLUTION
    return list(range(start, -1, -stride))
    ### END SOLUTION


def iterative_denoise(
    stage_1: "IFPipeline",
    im_noisy: Tensor,
    i_start: int,
    prompt_embeds: Tensor,
    timesteps: list[int],
) -> Tensor:
    """Denoise step by step over strided timesteps (DDPM, eq. 7, with the strided alpha_t).

    From t = timesteps[i] to t' = timesteps[i + 1], i = i_start .. len(timesteps) - 2:
    x_t' = sqrt(alpha_bar_t') beta_t / (1 - alpha_bar_t) x0_hat
    + sqrt(alpha_t) (1 - alpha_bar_t') / (1 - alpha_bar_t) x_t + v, where
    alpha_t = alpha_bar_t / alpha_bar_t' and beta_t = 1 - alpha_t. The noise v comes from
    `add_variance(stage_1, predicted_variance, t, image)`, at the last step too; it reads the
    timesteps from the scheduler, so call `stage_1.scheduler.set_timesteps(timesteps=timesteps)`.

    Args:
        stage_1: Pipeline; its UNet is called as in `one_step_denoise`, without gradients.
        im_noisy: Image at timesteps[i_start], (B, 3, 64, 64). It is not changed.
        i_start: Index of the first timestep.
        prompt_embeds: Embedding of the prompt, (1, 77, d) or (B, 77, d).
        timesteps: Strictly falling timesteps that end in 0.

    Returns:
        Image at timestep 0, (B, 3, 64, 64), like `im_noisy`; about in [-1, 1], not clipped.
    """
    # One UNet call per step; torch.split parts its output in noise and variance.
    ### BEGIN SOLUTION
    unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas_cumprod
    embeds = prompt_embeds.to(unet.device, unet.dtype).expand(len(im_noisy), -1, -1)
    stage_1.scheduler.set_timesteps(timesteps=timesteps)
    image = im_noisy
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t, prev_t = timesteps[i], timesteps[i + 1]
            # The noise in x_t, and the variance of the step
            x = image.to(unet.device, unet.dtype)
            output = unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
            noise_est, variance = output.to(image).split(image.shape[1], dim=1)
            # alpha_t and beta_t of the stride
            alpha_bar, alpha_bar_prev = alphas_cumprod[t], alphas_cumprod[prev_t]
            alpha = alpha_bar / alpha_bar_prev
            beta = 1 - alpha
            # x0_hat, then the mean of x_t' given x_t and x0_hat
            x0 = (image - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)
    return image
    ### END SOLUTION


def sample(
    stage_1: "IFPipeline", num_images: int, prompt_embeds: Tensor, timesteps: list[int]
) -> Tensor:
    """Draw images from pure noise with `iterative_denoise`, all in one batch, from i_start = 0.

    Args:
        stage_1: Pipeline, on whose UNet's device and in whose dtype the noise is drawn.
        num_images: Number of images N.
        prompt_embeds: Embedding of the prompt, (1, 77, d) or (N, 77, d).
        timesteps: Strictly falling timesteps that end in 0.

    Returns:
        Images, (N, 3, 64, 64), on the UNet's device and in its dtype; about in [-1, 1].
    """
    # Pure noise is torch.randn of the images' shape.
    ### BEGIN SOLUTION
    noise = torch.randn(num_images, 3, 64, 64).to(stage_1.unet.device, stage_1.unet.dtype)
    return iterative_denoise(stage_1, noise, 0, prompt_embeds, timesteps)
    ### END SOLUTION


def cfg_noise(noise_uncond: Tensor, noise_cond: Tensor, scale: float) -> Tensor:
    """Combine two noise estimates by classifier-free guidance (Ho & Salimans, 2022).

    epsilon = epsilon_u + gamma (epsilon_c - epsilon_u): gamma = 0 is unconditional, 1 is
    conditional, more goes beyond. The paper's weight w (its eq. 6) is gamma - 1.

    Args:
        noise_uncond: Estimate epsilon_u for the empty prompt, (B, 3, 64, 64).
        noise_cond: Estimate epsilon_c for the prompt, (B, 3, 64, 64).
        scale: Guidance scale gamma, 0 or more.

    Returns:
        Guided estimate, (B, 3, 64, 64).
    """
    # Start at the unconditional estimate and go along the difference.
    ### BEGIN SOLUTION
    return noise_uncond + scale * (noise_cond - noise_uncond)
    ### END SOLUTION


def iterative_denoise_cfg(
    stage_1: "IFPipeline",
    im_noisy: Tensor,
    i_start: int,
    prompt_embeds: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: list[int],
    scale: float = 7,
) -> Tensor:
    """Denoise step by step as `iterative_denoise` does, with guided noise (DDPM, eq. 7).

    Each step calls the UNet with the prompt and with the empty prompt; `cfg_noise` combines the
    two noises. The variance is that of the call with the prompt.

    Args:
        stage_1: Pipeline; its UNet is called as in `one_step_denoise`, without gradients.
        im_noisy: Image at timesteps[i_start], (B, 3, 64, 64). It is not changed.
        i_start: Index of the first timestep.
        prompt_embeds: Embedding of the prompt, (1, 77, d) or (B, 77, d).
        uncond_prompt_embeds: Embedding of the empty prompt, (1, 77, d) or (B, 77, d).
        timesteps: Strictly falling timesteps that end in 0.
        scale: Guidance scale gamma, 0 or more.

    Returns:
        Image at timestep 0, (B, 3, 64, 64), like `im_noisy`; about in [-1, 1], not clipped.
    """
    # Only the noise estimate differs from iterative_denoise.
    ### BEGIN SOLUTION
    unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas_cumprod
    cond = prompt_embeds.to(unet.device, unet.dtype).expand(len(im_noisy), -1, -1)
    uncond = uncond_prompt_embeds.to(unet.device, unet.dtype).expand(len(im_noisy), -1, -1)
    stage_1.scheduler.set_timesteps(timesteps=timesteps)
    image = im_noisy
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t, prev_t = timesteps[i], timesteps[i + 1]
            # epsilon_c with its variance, epsilon_u, and the guided noise of both
            x = image.to(unet.device, unet.dtype)
            output = unet(x, t, encoder_hidden_states=cond, return_dict=False)[0]
            noise_cond, variance = output.to(image).split(image.shape[1], dim=1)
            output = unet(x, t, encoder_hidden_states=uncond, return_dict=False)[0]
            noise_uncond, _ = output.to(image).split(image.shape[1], dim=1)
            noise_est = cfg_noise(noise_uncond, noise_cond, scale)
            # alpha_t and beta_t of the stride
            alpha_bar, alpha_bar_prev = alphas_cumprod[t], alphas_cumprod[prev_t]
            alpha = alpha_bar / alpha_bar_prev
            beta = 1 - alpha
            # x0_hat, then the mean of x_t' given x_t and x0_hat
            x0 = (image - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)
    return image
    ### END SOLUTION
