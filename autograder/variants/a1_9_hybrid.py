"""Correct answers of `make_hybrids` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "blur-of-the-difference",
        "One blur of the difference of the estimates, which is the same as two.",
        (
            (
                "low_far, low_near = (TF.gaussian_blur(n, [33, 33], [2.0, 2.0]) "
                "for n in (far, near))",
                "low = TF.gaussian_blur(far - near, 33, 2.0)",
            ),
            ("noise_est = low_far + (near - low_near)", "noise_est = near + low"),
        ),
    ),
    Variant(
        "three-passes",
        "The empty prompt is asked once for both estimates, all three in one batch.",
        source="""
        import torchvision.transforms as transforms

        def make_hybrids(
            stage_1, image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7
        ):
            blur = transforms.GaussianBlur(33, 2.0)
            bars = stage_1.scheduler.alphas_cumprod.double()
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            prompts = torch.cat([*prompt_embeds, uncond_prompt_embeds])
            n = len(image)
            for t, s in tqdm(list(zip(timesteps[i_start:], timesteps[i_start + 1 :]))):
                with torch.no_grad():
                    out = stage_1.unet(
                        image.repeat(3, 1, 1, 1), torch.tensor(t), encoder_hidden_states=prompts
                    ).sample
                one, two, empty = out[:, :3].split(n)
                far, near = (cfg_noise(empty, c, scale) for c in (one, two))
                eps = blur(far) + near - blur(near)
                a = bars[t] / bars[s]
                mean = (image - (1 - a) / (1 - bars[t]).sqrt() * eps) / a.sqrt()
                image = add_variance(stage_1, out[:n, 3:], t, mean.float())
            return image.detach().cpu().numpy()
        """,
    ),
    Variant(
        "blur-of-the-course",
        "classical_denoise of A 1.2 is the low-pass, in helper functions.",
        (
            (
                "low_far, low_near = (TF.gaussian_blur(n, [33, 33], [2.0, 2.0]) "
                "for n in (far, near))",
                "low_far, low_near = (classical_denoise(n, 33, sigma=2) for n in (far, near))",
            ),
        ),
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
)
