"""Exercises A 1.8 and A 1.9: pictures that show two things, by combining two noise estimates.

The schedule, the UNet's call and the step are those of `sampling`.
"""

from typing import TYPE_CHECKING

import torch
import torchvision.transforms.functional as TF
from kit import add_variance
from torch import Tensor

from solutions.sampling import cfg_noise

if TYPE_CHECKING:
    # diffusers sets .unet and .scheduler at run time, where no type checker sees them.
    from typing import Any as IFPipeline


def visual_anagrams(
    stage_1: "IFPipeline",
    image: Tensor,
    i_start: int,
    prompt_embeds: tuple[Tensor, Tensor],
    uncond_prompt_embeds: Tensor,
    timesteps: list[int],
    scale: float = 7,
) -> Tensor:
    """Denoise to an image that shows another thing upside down (Geng et al., 2024, section 3).

    epsilon_1 = CFG(x_t, t, p_1), epsilon_2 = flip(CFG(flip(x_t), t, p_2)), and
    epsilon = (epsilon_1 + epsilon_2) / 2, where CFG is `cfg_noise` of the UNet's two estimates
    and flip mirrors top and bottom, `torch.flip(x, dims=[2])`. The step is that of
    `iterative_denoise_cfg`; the variance is that of branch 1's call with p_1.

    Args:
        stage_1: Pipeline whose UNet and scheduler are used, without gradients.
        image: Image at timesteps[i_start], (B, 3, 64, 64). It is not changed.
        i_start: Index of the first timestep.
        prompt_embeds: Embeddings of p_1 (seen upright) and p_2 (seen flipped), each
            (1, 77, d) or (B, 77, d).
        uncond_prompt_embeds: Embedding of the empty prompt, (1, 77, d) or (B, 77, d).
        timesteps: Strictly falling timesteps that end in 0.
        scale: Guidance scale gamma, 0 or more.

    Returns:
        Image at timestep 0, (B, 3, 64, 64), like `image`; about in [-1, 1], not clipped.
    """
    # An inner function for the guided noise of one branch saves writing it twice.
    ### BEGIN SOLUTION
    unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas_cumprod

    def guided_noise(x_t: Tensor, t: int, prompt: Tensor) -> tuple[Tensor, Tensor]:
        x, outputs = x_t.to(unet.device, unet.dtype), []
        for embeds in (prompt, uncond_prompt_embeds):
            embeds = embeds.to(x).expand(len(x), -1, -1)
            output = unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
            outputs.append(output.to(x_t).split(x_t.shape[1], dim=1))
        (noise_cond, variance), (noise_uncond, _) = outputs
        return cfg_noise(noise_uncond, noise_cond, scale), variance

    stage_1.scheduler.set_timesteps(timesteps=timesteps)
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t, prev_t = timesteps[i], timesteps[i + 1]
            # epsilon_1 upright; epsilon_2 from the flipped image, flipped back; their mean
            noise_1, variance = guided_noise(image, t, prompt_embeds[0])
            noise_2, _ = guided_noise(image.flip(dims=[2]), t, prompt_embeds[1])
            noise_est = (noise_1 + noise_2.flip(dims=[2])) / 2
            # The step from t to t' (DDPM, eq. 7)
            alpha_bar, alpha_bar_prev = alphas_cumprod[t], alphas_cumprod[prev_t]
            alpha = alpha_bar / alpha_bar_prev
            beta = 1 - alpha
            x0 = (image - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)
    return image
    ### END SOLUTION


def make_hybrids(
    stage_1: "IFPipeline",
    image: Tensor,
    i_start: int,
    prompt_embeds: tuple[Tensor, Tensor],
    uncond_prompt_embeds: Tensor,
    timesteps: list[int],
    scale: float = 7,
) -> Tensor:
    """Denoise to an image that shows one thing from afar, one from near (Geng et al., 2024).

    epsilon = lowpass(epsilon_1) + highpass(epsilon_2) ("Factorized Diffusion", section 3), where
    both are guided estimates at x_t ("CFG" of `visual_anagrams`), lowpass is `TF.gaussian_blur`
    with kernel 33 and sigma 2, and highpass(epsilon) = epsilon - lowpass(epsilon). The step is
    that of `iterative_denoise_cfg`; the variance is that of branch 1's call with its prompt.

    Args:
        stage_1: Pipeline whose UNet and scheduler are used, without gradients.
        image: Image at timesteps[i_start], (B, 3, 64, 64). It is not changed.
        i_start: Index of the first timestep.
        prompt_embeds: Embeddings of the far prompt (low pass, branch 1) and the near one (high
            pass, branch 2), each (1, 77, d) or (B, 77, d).
        uncond_prompt_embeds: Embedding of the empty prompt, (1, 77, d) or (B, 77, d).
        timesteps: Strictly falling timesteps that end in 0.
        scale: Guidance scale gamma, 0 or more.

    Returns:
        Image at timestep 0, (B, 3, 64, 64), like `image`; about in [-1, 1], not clipped.
    """
    # Only the way the two noises are combined differs from visual_anagrams.
    ### BEGIN SOLUTION
    unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas_cumprod

    def guided_noise(x_t: Tensor, t: int, prompt: Tensor) -> tuple[Tensor, Tensor]:
        x, outputs = x_t.to(unet.device, unet.dtype), []
        for embeds in (prompt, uncond_prompt_embeds):
            embeds = embeds.to(x).expand(len(x), -1, -1)
            output = unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
            outputs.append(output.to(x_t).split(x_t.shape[1], dim=1))
        (noise_cond, variance), (noise_uncond, _) = outputs
        return cfg_noise(noise_uncond, noise_cond, scale), variance

    stage_1.scheduler.set_timesteps(timesteps=timesteps)
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t, prev_t = timesteps[i], timesteps[i + 1]
            # Low frequencies of epsilon_1, high ones of epsilon_2
            far, variance = guided_noise(image, t, prompt_embeds[0])
            near, _ = guided_noise(image, t, prompt_embeds[1])
            low_far, low_near = (TF.gaussian_blur(n, [33, 33], [2.0, 2.0]) for n in (far, near))
            noise_est = low_far + (near - low_near)
            # The step from t to t' (DDPM, eq. 7)
            alpha_bar, alpha_bar_prev = alphas_cumprod[t], alphas_cumprod[prev_t]
            alpha = alpha_bar / alpha_bar_prev
            beta = 1 - alpha
            x0 = (image - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)
    return image
    ### END SOLUTION
