"""Correct answers of `cfg_noise` and `iterative_denoise_cfg` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "one-batch",
        "Both prompts in one batch, the empty one first; the mean in the noise form.",
        source="""
        def cfg_noise(noise_uncond, noise_cond, scale):
            return torch.lerp(noise_uncond, noise_cond, float(scale))

        @torch.no_grad()
        def iterative_denoise_cfg(
            stage_1, im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            bars = stage_1.scheduler.alphas_cumprod
            n = len(im_noisy)
            embeds = torch.cat([
                uncond_prompt_embeds.expand(n, -1, -1), prompt_embeds.expand(n, -1, -1)
            ])
            image = im_noisy
            for t, prev_t in list(zip(timesteps, timesteps[1:]))[i_start:]:
                out = stage_1.unet(
                    image.repeat(2, 1, 1, 1), t, encoder_hidden_states=embeds, return_dict=False
                )[0]
                uncond, cond = out.chunk(2)
                noise = cfg_noise(uncond[:, :3], cond[:, :3], scale)
                alpha = bars[t] / bars[prev_t]
                mean = (image - (1 - alpha) / (1 - bars[t]) ** 0.5 * noise) / alpha ** 0.5
                image = add_variance(stage_1, cond[:, 3:], t, mean)
            return image
        """,
    ),
    Variant(
        "interleaved-batch",
        "Prompt and empty prompt side by side in one batch, and a progress bar.",
        source="""
        def cfg_noise(noise_uncond, noise_cond, scale):
            return (1 - scale) * noise_uncond + scale * noise_cond

        def iterative_denoise_cfg(
            stage_1, im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps,
            scale=7, display=False,
        ):
            scheduler = stage_1.scheduler
            scheduler.set_timesteps(timesteps=timesteps)
            image = im_noisy.clone()
            pairs = [prompt_embeds.expand(len(image), -1, -1)]
            pairs.append(uncond_prompt_embeds.expand(len(image), -1, -1))
            embeds = torch.stack(pairs, dim=1).flatten(0, 1)
            for i in tqdm(range(i_start, len(timesteps) - 1)):
                t, prev_t = timesteps[i], timesteps[i + 1]
                with torch.no_grad():
                    out = stage_1.unet(
                        torch.repeat_interleave(image, 2, dim=0), torch.tensor(t),
                        encoder_hidden_states=embeds,
                    ).sample
                eps, v = torch.split(out, 3, dim=1)
                eps = cfg_noise(eps[1::2], eps[0::2], scale)
                a, b = scheduler.alphas_cumprod[t], scheduler.alphas_cumprod[prev_t]
                beta = 1 - a / b
                x0 = (image - (1 - a).sqrt() * eps) / a.sqrt()
                image = b.sqrt() * beta / (1 - a) * x0 + (a / b).sqrt() * (1 - b) / (1 - a) * image
                image = add_variance(stage_1, v[0::2], torch.tensor(t), image)
            return image.cpu().detach().numpy()
        """,
    ),
    Variant(
        "loop-with-its-own-formula",
        "The empty prompt first, the guided noise written out in the loop.",
        (
            (
                "noise_est = cfg_noise(noise_uncond, noise_cond, scale)",
                "noise_est = scale * noise_cond + (1 - scale) * noise_uncond",
            ),
        ),
    ),
    Variant(
        "helper-for-a-pass",
        "A helper function for one pass, picture by picture.",
        source="""
        def cfg_noise(u, c, gamma):
            return u + gamma * (c - u)

        def ask(stage_1, x, t, embeds):
            with torch.no_grad():
                out = stage_1.unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
            return torch.split(out, x.shape[1], dim=1)

        def iterative_denoise_cfg(
            stage_1, im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            bars = stage_1.scheduler.alphas_cumprod.double()
            images = []
            for k in range(len(im_noisy)):
                image = im_noisy[k : k + 1]
                prompt = prompt_embeds[k : k + 1] if len(prompt_embeds) > 1 else prompt_embeds
                for i in range(i_start, len(timesteps) - 1):
                    t, prev_t = timesteps[i], timesteps[i + 1]
                    u, _ = ask(stage_1, image, t, uncond_prompt_embeds)
                    c, v = ask(stage_1, image, t, prompt)
                    noise = cfg_noise(u, c, scale)
                    a, b = float(bars[t]), float(bars[prev_t])
                    x0 = (image - math.sqrt(1 - a) * noise) / math.sqrt(a)
                    mean = math.sqrt(b) * (1 - a / b) / (1 - a) * x0
                    mean = mean + math.sqrt(a / b) * (1 - b) / (1 - a) * image
                    image = add_variance(stage_1, v, t, mean)
                images.append(image)
            return torch.cat(images)
        """,
    ),
)
