"""Correct answers of `inpaint` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "where",
        "The two parts are put together by torch.where.",
        (
            (
                "image = mask * image + (1 - mask) * kept",
                "image = torch.where(mask.bool(), image, kept)",
            ),
        ),
    ),
    Variant(
        "in-place-pixels",
        "The kept pixels are assigned by index into the new picture.",
        (
            (
                "image = mask * image + (1 - mask) * kept",
                "keep = mask.expand_as(image) == 0\n"
                "            image = image.clone()\n"
                "            image[keep] = kept[keep]",
            ),
        ),
    ),
    Variant(
        "noise-by-hand",
        "The forward process is written out.",
        (
            (
                "kept = forward(original_image, prev_t, alphas_cumprod)",
                "kept = math.sqrt(alpha_bar_prev) * original_image"
                " + math.sqrt(1 - alpha_bar_prev) * torch.randn(original_image.shape)",
            ),
        ),
    ),
    Variant(
        "one-guided-step-at-a-time",
        "The guided loop of A 1.6 is called with two timesteps at a time.",
        source="""
        def inpaint(
            stage_1, original_image, mask, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            bars = stage_1.scheduler.alphas_cumprod
            x = torch.randn(original_image.shape)
            for pair in zip(timesteps, timesteps[1:]):
                x = iterative_denoise_cfg(
                    stage_1, x, 0, prompt_embeds, uncond_prompt_embeds, list(pair), scale=scale
                )
                x = x * mask + forward(original_image, pair[1], bars) * (1 - mask)
            return x
        """,
    ),
    Variant(
        "batched-and-composed-start",
        "Both prompts in one batch, 0-d timesteps, a progress bar, a start with the kept pixels.",
        source="""
        def guided_step(stage_1, x, t, s, prompts, scale):
            bars = stage_1.scheduler.alphas_cumprod
            out = stage_1.unet(torch.cat([x, x]), t, encoder_hidden_states=prompts).sample
            noise, variance = torch.split(out, x.shape[1], dim=1)
            (u, c), v = noise.chunk(2), variance.chunk(2)[1]
            eps = u + scale * (c - u)
            a = bars[t] / bars[s]
            mean = (x - (1 - a) / (1 - bars[t]).sqrt() * eps) / a.sqrt()
            return add_variance(stage_1, v, t, mean)

        def inpaint(
            stage_1, original_image, mask, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            bars = stage_1.scheduler.alphas_cumprod
            prompts = torch.cat([uncond_prompt_embeds, prompt_embeds])
            steps = torch.as_tensor(timesteps)
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            with torch.no_grad():
                start = forward(original_image, steps[0], bars)
                x = mask * torch.randn_like(original_image) + (1 - mask) * start
                for t, s in tqdm(zip(steps[:-1], steps[1:]), total=len(steps) - 1):
                    x = guided_step(stage_1, x, t, s, prompts, scale)
                    x = mask * x + (1 - mask) * forward(original_image, s, bars)
            return x.cpu().detach().numpy()
        """,
    ),
)
