"""Correct answers of `visual_anagrams` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "vertical-flip-of-torchvision",
        "torchvision flips, and the halves are added.",
        (
            ("guided_noise(image.flip(dims=[2]),", "guided_noise(TF.vflip(image),"),
            (
                "noise_est = (noise_1 + noise_2.flip(dims=[2])) / 2",
                "noise_est = 0.5 * noise_1 + 0.5 * TF.vflip(noise_2)",
            ),
        ),
    ),
    Variant(
        "one-batch",
        "All four passes of a step go in one batch.",
        source="""
        import torch

        def visual_anagrams(
            stage_1, image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            bars = stage_1.scheduler.alphas_cumprod.double()
            stage_1.scheduler.set_timesteps(timesteps=torch.tensor(timesteps))
            first, second = prompt_embeds
            empty, n = uncond_prompt_embeds, image.shape[0]
            prompts = torch.cat([first, empty, second, empty])
            for t, s in zip(timesteps[i_start:-1], timesteps[i_start + 1 :]):
                x = image
                y = torch.flip(x, dims=(2,))
                with torch.no_grad():
                    out = stage_1.unet(
                        torch.cat([x, x, y, y]), torch.tensor(t), encoder_hidden_states=prompts
                    ).sample
                c1, u1, c2, u2 = out[:, :3].split(n)
                one = cfg_noise(u1, c1, scale)
                two = torch.flip(cfg_noise(u2, c2, scale), dims=(2,))
                eps = torch.stack([one, two]).mean(0).double()
                a = bars[t] / bars[s]
                mean = (x - (1 - a) / (1 - bars[t]).sqrt() * eps) / a.sqrt()
                image = add_variance(stage_1, out[:n, 3:], t, mean.float())
            return image.numpy()
        """,
    ),
    Variant(
        "flipped-first",
        "The flipped branch comes first, guidance is written out, a helper makes the step.",
        source="""
        def mean_of(x, eps, bar, bar_prev):
            x0 = (x - np.sqrt(1 - bar) * eps) / np.sqrt(bar)
            alpha = bar / bar_prev
            first = np.sqrt(bar_prev) * (1 - alpha) / (1 - bar)
            return first * x0 + np.sqrt(alpha) * (1 - bar_prev) / (1 - bar) * x

        @torch.no_grad()
        def visual_anagrams(
            stage_1, image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            bars = stage_1.scheduler.alphas_cumprod.double().numpy()
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            x = image.clone()
            for i in tqdm(range(i_start, len(timesteps) - 1)):
                t = timesteps[i]
                total = 0
                for k in (1, 0):
                    view = x[:, :, torch.arange(63, -1, -1)] if k else x
                    outs = [
                        stage_1.unet(view, t, encoder_hidden_states=e, return_dict=False)[0]
                        for e in (uncond_prompt_embeds, prompt_embeds[k])
                    ]
                    eps = (1 - scale) * outs[0][:, :3] + scale * outs[1][:, :3]
                    total = total + (torch.flip(eps, [2]) if k else eps)
                mean = mean_of(x, total / 2, float(bars[t]), float(bars[timesteps[i + 1]]))
                x = add_variance(stage_1, outs[1][:, 3:], t, mean)
            return x
        """,
    ),
    Variant(
        "separate-noise",
        "The noise of a step is drawn around zero and added to the mean.",
        (
            (
                "image = add_variance(stage_1, variance, t, coef_x0 * x0 + coef_xt * image)",
                "noise = add_variance(stage_1, variance, t, torch.zeros_like(image))\n"
                "            image = coef_x0 * x0 + coef_xt * image + noise",
            ),
        ),
    ),
    Variant(
        "helper-of-the-same-name",
        "A helper has the name of an earlier exercise and other arguments.",
        (
            (
                "return cfg_noise(noise_uncond, noise_cond, scale)",
                "return cfg_noise(outputs, scale)",
            ),
            (
                "def visual_anagrams(",
                "def cfg_noise(outputs, scale):\n"
                "    (cond, _), (uncond, _) = outputs\n"
                "    return uncond + scale * (cond - uncond)\n\n\n"
                "def visual_anagrams(",
            ),
        ),
    ),
)
