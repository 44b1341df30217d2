"""Exercises A 1.7: editing pictures by noising and denoising them, whole or within a mask.

The schedule, the UNet's call and the step are those of `sampling`; guidance is on throughout.
"""

from typing import TYPE_CHECKING

import torch
from kit import add_variance
from torch import Tensor

from solutions.sampling import cfg_noise, forward, iterative_denoise_cfg

if TYPE_CHECKING:
    # diffusers sets .unet and .scheduler at run time, where no type checker sees them.
    from typing import Any as IFPipeline


def sdedit(
    stage_1: "IFPipeline",
    im: Tensor,
    i_start: int,
    prompt_embeds: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: list[int],
    scale: float = 7,
) -> Tensor:
    """Edit an image: noise it to timesteps[i_start], then denoise it (SDEdit, Meng et al., 2022).

    The larger `i_start`, the less noise and the closer the result is to the image.

    Args:
        stage_1: Pipeline whose UNet and scheduler are used.
        im: Clean image, (B, 3, 64, 64), in [-1, 1]. It is not changed.
        i_start: Index of the timestep to noise to, 0 .. len(timesteps) - 1.
        prompt_embeds: Embedding of the prompt, (1, 77, d) or (B, 77, d).
        uncond_prompt_embeds: Embedding of the empty prompt, (1, 77, d) or (B, 77, d).
        timesteps: Strictly falling timesteps that end in 0.
        scale: Guidance scale gamma, 0 or more.

    Returns:
        Edited image, (B, 3, 64, 64), like `im`; about in [-1, 1], not clipped.
    """
    # forward and iterative_denoise_cfg do the work. i_start is an index, not a timestep.
    ### BEGIN SOLUTION
    im_noisy = forward(im, timesteps[i_start], stage_1.scheduler.alphas_cumprod)
    return iterative_denoise_cfg(
        stage_1, im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale
    )
    ### END SOLUTION


def inpaint(
    stage_1: "IFPipeline",
    original_image: Tensor,
    mask: Tensor,
    prompt_embeds: Tensor,
    uncond_prompt_embeds: Tensor,
    timesteps: list[int],
    scale: float = 7,
) -> Tensor:
    """Fill a mask with new content (RePaint, Lugmayr et al., 2022, eq. 8, without resampling).

    Starts from `torch.randn_like(original_image)` at timesteps[0]. After each guided step, as in
    `iterative_denoise_cfg`, from t to t', x <- mask x + (1 - mask) forward(original_image, t').
    The last step ends at timestep 0, whose slight noise stays on the kept pixels.

    Args:
        stage_1: Pipeline whose UNet and scheduler are used, without gradients.
        original_image: Clean image, (B, 3, 64, 64), in [-1, 1]. It is not changed.
        mask: 1 where new content goes, 0 where the image is kept; broadcasts to the image.
        prompt_embeds: Embedding of the prompt, (1, 77, d) or (B, 77, d).
        uncond_prompt_embeds: Embedding of the empty prompt, (1, 77, d) or (B, 77, d).
        timesteps: Strictly falling timesteps that end in 0.
        scale: Guidance scale gamma, 0 or more.

    Returns:
        Inpainted image, (B, 3, 64, 64), like `original_image`; about in [-1, 1], not clipped.
    """
    # The loop of iterative_denoise_cfg from i = 0, with one more line at the end of each step.
    # Bring the mask to the image's device and dtype first.
    ### BEGIN SOLUTION
    unet, alphas_cumprod = stage_1.unet, stage_1.scheduler.alphas_cumprod
    image, mask = torch.randn_like(original_image), mask.to(original_image)
    cond = prompt_embeds.to(unet.device, unet.dtype).expand(len(image), -1, -1)
    uncond = uncond_prompt_embeds.to(unet.device, unet.dtype).expand(len(image), -1, -1)
    stage_1.scheduler.set_timesteps(timesteps=timesteps)
    with torch.no_grad():
        for i in range(len(timesteps) - 1):
            t, prev_t = timesteps[i], timesteps[i + 1]
            # Guided noise, and the variance of the call with the prompt
            x = image.to(unet.device, unet.dtype)
            output = unet(x, t, encoder_hidden_states=cond, return_dict=False)[0]
            noise_cond, variance = output.to(image).split(image.shape[1], dim=1)
            output = unet(x, t, encoder_hidden_states=uncond, return_dict=False)[0]
            noise_uncond, _ = output.to(image).split(image.shape[1], dim=1)
            noise_est = cfg_noise(noise_uncond, noise_cond, scale)
            # The step from t to t' (DDPM, eq. 7)
            alpha_bar, alpha_bar_prev = alphas_cumprod[t], alphas_cumprod[prev_t]
            alpha = alpha_bar / alpha_bar_prev
            beta = 1 - alpha
            x0 = (image - (1 - alpha_bar).sqrt() * noise_est) / alpha_bar.sqrt()
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)
            # Outside the mask, the original at the noise level of the new image
            kept = forward(original_image, prev_t, alphas_cumprod)
            image = mask * image + (1 - mask) * kept
    return image
    ### END SOLUTION
