"""Correct answers of `sdedit` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "keyword-arguments",
        "All arguments are passed by name.",
        source="""
        def sdedit(
            stage_1, im, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            x = forward(
                im=im, t=timesteps[i_start], alphas_cumprod=stage_1.scheduler.alphas_cumprod
            )
            out = iterative_denoise_cfg(
                stage_1=stage_1, im_noisy=x, i_start=i_start, prompt_embeds=prompt_embeds,
                uncond_prompt_embeds=uncond_prompt_embeds, timesteps=timesteps, scale=scale,
            )
            print("done", out.shape)
            return out
        """,
    ),
    Variant(
        "shorter-list",
        "The loop starts at 0 in the rest of the list.",
        (
            (
                "im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale\n",
                "im_noisy, 0, prompt_embeds, uncond_prompt_embeds, timesteps[i_start:], scale\n",
            ),
        ),
    ),
    Variant(
        "noise-by-hand",
        "The forward process is written out, with NumPy roots.",
        (
            (
                "forward(im, timesteps[i_start], stage_1.scheduler.alphas_cumprod)",
                "(lambda bar: float(np.sqrt(bar)) * im + float(np.sqrt(1 - bar))"
                " * torch.randn(im.shape))"
                "(float(stage_1.scheduler.alphas_cumprod[timesteps[i_start]]))",
            ),
        ),
    ),
    Variant(
        "loop-by-hand",
        "The guided loop is written out with both prompts in one batch and 0-d timesteps.",
        source="""
        import torch
        from tqdm.auto import tqdm

        def sdedit(
            stage_1, im, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            bars = stage_1.scheduler.alphas_cumprod.double()
            steps = torch.tensor(timesteps)
            stage_1.scheduler.set_timesteps(timesteps=steps)
            x = forward(im, steps[i_start], stage_1.scheduler.alphas_cumprod)
            prompts = torch.cat([uncond_prompt_embeds, prompt_embeds])
            for t, s in tqdm(list(zip(steps[i_start:-1], steps[i_start + 1 :]))):
                with torch.no_grad():
                    out = stage_1.unet(torch.cat([x, x]), t, encoder_hidden_states=prompts).sample
                noise, variance = out.split(3, dim=1)
                u, c = noise.chunk(2)
                eps = (1 - scale) * u + scale * c
                a = bars[t] / bars[s]
                mean = ((x - (1 - a) / (1 - bars[t]).sqrt() * eps) / a.sqrt()).float()
                x = add_variance(stage_1, variance.chunk(2)[1], t, mean)
            return x
        """,
    ),
    Variant(
        "separate-noise",
        "The noise of a step is drawn around zero and added to the mean.",
        source="""
        def step_mean(x, eps, bar, bar_prev):
            x0 = (x - (1 - bar) ** 0.5 * eps) / bar**0.5
            a = bar / bar_prev
            b = 1 - a
            return bar_prev**0.5 * b / (1 - bar) * x0 + a**0.5 * (1 - bar_prev) / (1 - bar) * x

        @torch.no_grad()
        def sdedit(
            stage_1, im, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            bars = stage_1.scheduler.alphas_cumprod.tolist()
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            x = forward(im, timesteps[i_start], stage_1.scheduler.alphas_cumprod)
            for i in range(i_start, len(timesteps) - 1):
                t, s = timesteps[i], timesteps[i + 1]
                c = stage_1.unet(x, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
                u = stage_1.unet(
                    x, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False
                )[0]
                eps = cfg_noise(u[:, :3], c[:, :3], scale)
                v = add_variance(stage_1, c[:, 3:], t, torch.zeros_like(x))
                x = step_mean(x, eps, bars[t], bars[s]) + v
            return x
        """,
    ),
)
