"""Exercises B 2.2 to B 2.5: the DDPM on digits, its training loss and its samplers.

Ho et al. (2020), "Denoising Diffusion Probabilistic Models". Timesteps t run from 1 (nearly
clean) to T = `num_ts` (noise), so tensors of the schedule, which start at 0, are indexed with
t - 1; alpha_bar_0 is 1. The UNets take t / T, (N,), floating. Images are in [0, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def ddpm_schedule(beta1: float, beta2: float, num_ts: int) -> dict[str, Tensor]:
    """Make the linear noise schedule (DDPM, section 4, and above eq. 4).

    Args:
        beta1: First variance beta_1, in (0, 1).
        beta2: Last variance beta_T, in (0, 1).
        num_ts: Number of timesteps T.

    Returns:
        "betas", evenly spaced from beta1 to beta2, "alphas", 1 - betas, and "alpha_bars", the
        running product of the alphas; each (num_ts,), float32, with entry t - 1 for timestep t.
    """
    # torch.linspace and torch.cumprod are all it takes.
    ### BEGIN SOLUTION
    betas = torch.linspace(beta1, beta2, num_ts)
    alphas = 1 - betas
    return {"betas": betas, "alphas": alphas, "alpha_bars": alphas.cumprod(dim=0)}
    ### END SOLUTION


def ddpm_forward(unet: nn.Module, schedule: dict[str, Tensor], x_0: Tensor, num_ts: int) -> Tensor:
    """Compute the training loss on one batch (DDPM, Algorithm 1, eq. 14).

    Args:
        unet: Noise predictor, called once as `unet(x_t, t / num_ts)`, with t / num_ts (N,).
        schedule: Result of `ddpm_schedule(..., num_ts)`, on any device.
        x_0: Clean images, (N, 1, H, W), in [0, 1].
        num_ts: Number of timesteps T.

    Returns:
        Mean squared error between the true and the predicted noise, a scalar with gradient.
    """
    # Every image has its own t, so alpha_bar needs the shape (N, 1, 1, 1).
    ### BEGIN SOLUTION
    # t ~ Uniform({1, ..., T}), epsilon ~ N(0, I)
    t = torch.randint(1, num_ts + 1, (len(x_0),), device=x_0.device)
    epsilon = torch.randn_like(x_0)
    # x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon
    alpha_bar = schedule["alpha_bars"].to(x_0)[t - 1].view(-1, 1, 1, 1)
    x_t = alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * epsilon
    # || epsilon - epsilon_theta(x_t, t) ||^2
    return F.mse_loss(unet(x_t, t.to(x_0) / num_ts), epsilon)
    ### END SOLUTION


def ddpm_sample(
    unet: nn.Module,
    schedule: dict[str, Tensor],
    img_wh: tuple[int, int],
    num_ts: int,
    seed: int = 0,
) -> Tensor:
    """Draw 16 images (DDPM, Algorithm 2, with sigma_t^2 = beta_t and its mean by eq. 7).

    Starts from x_T ~ N(0, I). For t = T, ..., 1, with alpha_bar_0 = 1:
    x_{t-1} = sqrt(alpha_bar_{t-1}) beta_t / (1 - alpha_bar_t) x0_hat
    + sqrt(alpha_t) (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) x_t + sqrt(beta_t) z, where
    z ~ N(0, I), but z = 0 at t = 1. x0_hat is not clipped.

    Args:
        unet: Noise predictor, called once a step as `unet(x_t, t / num_ts)`, with t / num_ts (N,);
            put in eval mode, on whose device the images are made, without gradients.
        schedule: Result of `ddpm_schedule(..., num_ts)`, on any device.
        img_wh: Height and width of the images.
        num_ts: Number of timesteps T.
        seed: Given to `torch.manual_seed` before the first draw.

    Returns:
        Images x_0, (16, 1, H, W), about in [0, 1], not clipped.
    """
    # Go from t = num_ts down to 1; the schedule's entry for t is at t - 1.
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    unet.eval()
    device = next(unet.parameters()).device
    betas, alphas, alpha_bars = (schedule[k].to(device) for k in ("betas", "alphas", "alpha_bars"))
    # x_T ~ N(0, I)
    x = torch.randn(16, 1, *img_wh, device=device)
    with torch.no_grad():
        for t in range(num_ts, 0, -1):
            # z ~ N(0, I) if t > 1, else z = 0
            z = torch.randn_like(x) if t > 1 else torch.zeros_like(x)
            beta, alpha, alpha_bar = betas[t - 1], alphas[t - 1], alpha_bars[t - 1]
            alpha_bar_prev = alpha_bars[t - 2] if t > 1 else torch.ones_like(alpha_bar)
            # x0_hat = (x_t - sqrt(1 - alpha_bar_t) epsilon_theta(x_t, t)) / sqrt(alpha_bar_t)
            epsilon = unet(x, torch.full((len(x),), t / num_ts, device=device))
            x0 = (x - (1 - alpha_bar).sqrt() * epsilon) / alpha_bar.sqrt()
            # x_{t-1}: mean given x_t and x0_hat, plus sqrt(beta_t) z
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            x = coef_x0 * x0 + coef_xt * x + beta.sqrt() * z
    return x
    ### END SOLUTION


def ddpm_forward_class(
    unet: nn.Module,
    schedule: dict[str, Tensor],
    x_0: Tensor,
    c: Tensor,
    p_uncond: float,
    num_ts: int,
) -> Tensor:
    """Compute the class-conditional training loss (Algorithm 1 of Ho & Salimans, 2022).

    As `ddpm_forward`, but each image's class is dropped with probability `p_uncond`.

    Args:
        unet: Noise predictor, called once as `unet(x_t, c, t / num_ts, mask=mask)`, with mask
            (N,), floating: 1 keeps an image's class, 0 drops it.
        schedule: Result of `ddpm_schedule(..., num_ts)`, on any device.
        x_0: Clean images, (N, 1, H, W), in [0, 1].
        c: Classes, (N,), int64, from 0.
        p_uncond: Probability that a class is dropped, in [0, 1], one draw per image.
        num_ts: Number of timesteps T.

    Returns:
        Mean squared error between the true and the predicted noise, a scalar with gradient.
    """
    # ddpm_forward with a mask. Dropping a class is not the same as setting it to 0.
    ### BEGIN SOLUTION
    # t ~ Uniform({1, ..., T}), epsilon ~ N(0, I)
    t = torch.randint(1, num_ts + 1, (len(x_0),), device=x_0.device)
    epsilon = torch.randn_like(x_0)
    # Drop each class with probability p_uncond
    mask = (torch.rand(len(x_0), device=x_0.device) >= p_uncond).to(x_0)
    # x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon
    alpha_bar = schedule["alpha_bars"].to(x_0)[t - 1].view(-1, 1, 1, 1)
    x_t = alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * epsilon
    # || epsilon - epsilon_theta(x_t, c, t) ||^2
    return F.mse_loss(unet(x_t, c, t.to(x_0) / num_ts, mask=mask), epsilon)
    ### END SOLUTION


def ddpm_sample_class(
    unet: nn.Module,
    schedule: dict[str, Tensor],
    c: Tensor,
    img_wh: tuple[int, int],
    num_ts: int,
    guidance_scale: float = 5.0,
    seed: int = 0,
) -> Tensor:
    """Draw one image of each class in `c`, with guidance (DDPM, Algorithm 2, with eq. 7).

    The loop of `ddpm_sample`, with epsilon = epsilon_u + gamma (epsilon_c - epsilon_u) of two
    calls a step (classifier-free guidance, Ho & Salimans, 2022).

    Args:
        unet: Noise predictor, called with the class as `unet(x_t, c, t / num_ts, mask=ones)` and
            without as `unet(x_t, c, t / num_ts, mask=zeros)`, with t / num_ts and mask (N,);
            put in eval mode, on whose device the images are made, without gradients.
        schedule: Result of `ddpm_schedule(..., num_ts)`, on any device.
        c: Classes, (N,), int64, from 0.
        img_wh: Height and width of the images.
        num_ts: Number of timesteps T.
        guidance_scale: gamma, 0 or more; 0 is unconditional, 1 is conditional.
        seed: Given to `torch.manual_seed` before the first draw.

    Returns:
        Images x_0, (N, 1, H, W), about in [0, 1], not clipped.
    """
    # ddpm_sample with another epsilon.
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    unet.eval()
    device = next(unet.parameters()).device
    betas, alphas, alpha_bars = (schedule[k].to(device) for k in ("betas", "alphas", "alpha_bars"))
    c = c.to(device)
    keep, drop = torch.ones(len(c), device=device), torch.zeros(len(c), device=device)
    # x_T ~ N(0, I)
    x = torch.randn(len(c), 1, *img_wh, device=device)
    with torch.no_grad():
        for t in range(num_ts, 0, -1):
            # z ~ N(0, I) if t > 1, else z = 0
            z = torch.randn_like(x) if t > 1 else torch.zeros_like(x)
            beta, alpha, alpha_bar = betas[t - 1], alphas[t - 1], alpha_bars[t - 1]
            alpha_bar_prev = alpha_bars[t - 2] if t > 1 else torch.ones_like(alpha_bar)
            # Guided noise: epsilon_u + gamma (epsilon_c - epsilon_u)
            t_norm = torch.full((len(x),), t / num_ts, device=device)
            epsilon_c = unet(x, c, t_norm, mask=keep)
            epsilon_u = unet(x, c, t_norm, mask=drop)
            epsilon = epsilon_u + guidance_scale * (epsilon_c - epsilon_u)
            # x0_hat = (x_t - sqrt(1 - alpha_bar_t) epsilon) / sqrt(alpha_bar_t)
            x0 = (x - (1 - alpha_bar).sqrt() * epsilon) / alpha_bar.sqrt()
            # x_{t-1}: mean given x_t and x0_hat, plus sqrt(beta_t) z
            coef_x0 = alpha_bar_prev.sqrt() * beta / (1 - alpha_bar)
            coef_xt = alpha.sqrt() * (1 - alpha_bar_prev) / (1 - alpha_bar)
            x = coef_x0 * x0 + coef_xt * x + beta.sqrt() * z
    return x
    ### END SOLUTION
