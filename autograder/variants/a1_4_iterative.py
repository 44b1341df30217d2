"""Correct answers of `iterative_denoise` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "noise-form",
        "The mean as x_t minus a share of the noise, in a while loop, with a decorator.",
        source="""
        @torch.no_grad()
        def iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps):
            scheduler = stage_1.scheduler
            scheduler.set_timesteps(timesteps=timesteps[i_start:])
            prompts = torch.cat([prompt_embeds] * (len(im_noisy) // len(prompt_embeds)))
            image, i = im_noisy.clone(), i_start
            while timesteps[i] > 0:
                t, t_next = timesteps[i], timesteps[i + 1]
                bar, bar_next = scheduler.alphas_cumprod[t], scheduler.alphas_cumprod[t_next]
                out = stage_1.unet(image, t, prompts).sample
                eps, v = out.chunk(2, dim=1)
                beta = 1 - bar / bar_next
                mean = (image - beta / torch.sqrt(1 - bar) * eps) / torch.sqrt(bar / bar_next)
                image = add_variance(stage_1, v, t, mean)
                i += 1
            return image
        """,
    ),
    Variant(
        "picture-by-picture",
        "A loop over the batch, a progress bar, helper functions and a NumPy result.",
        source="""
        from kit import add_variance
        import numpy

        def coefficients(alphas_cumprod, t, prev_t):
            a_t, a_prev = float(alphas_cumprod[t]), float(alphas_cumprod[prev_t])
            alpha = a_t / a_prev
            x0_part = numpy.sqrt(a_prev) * (1 - alpha) / (1 - a_t)
            return a_t, x0_part, numpy.sqrt(alpha) * (1 - a_prev) / (1 - a_t)

        def denoise_one(stage_1, image, i_start, embeds, timesteps):
            for i, t in enumerate(tqdm(timesteps[:-1])):
                if i < i_start:
                    continue
                a_t, p, q = coefficients(stage_1.scheduler.alphas_cumprod, t, timesteps[i + 1])
                with torch.inference_mode():
                    out = stage_1.unet(
                        image, t, encoder_hidden_states=embeds, return_dict=False
                    )[0]
                clean = (image - math.sqrt(1 - a_t) * out[:, :3]) / math.sqrt(a_t)
                image = add_variance(stage_1, out[:, 3:], t, p * clean + q * image)
            return image

        def iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps):
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            done = []
            for k in range(im_noisy.shape[0]):
                embeds = prompt_embeds[k if len(prompt_embeds) > 1 else 0].unsqueeze(0)
                image = im_noisy[k].unsqueeze(0)
                done.append(denoise_one(stage_1, image, i_start, embeds, timesteps).numpy())
            return numpy.concatenate(done)
        """,
    ),
    Variant(
        "tensors-as-timesteps",
        "Timesteps and products as tensors, betas multiplied up, prints on the way.",
        source="""
        def iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps):
            steps = torch.as_tensor(timesteps)
            stage_1.scheduler.set_timesteps(timesteps=steps)
            bars, betas = stage_1.scheduler.alphas_cumprod, stage_1.scheduler.betas
            embeds = prompt_embeds.expand(im_noisy.shape[0], -1, -1)
            image = im_noisy.clone().detach()
            for t, s in zip(steps[i_start:], steps[i_start + 1:]):
                with torch.no_grad():
                    model_output = stage_1.unet(
                        image, t.repeat(len(image)), encoder_hidden_states=embeds,
                        return_dict=False,
                    )[0]
                noise_est, predicted_variance = torch.split(model_output, image.shape[1], dim=1)
                alpha = torch.prod(1 - betas[int(s) + 1 : int(t) + 1].double())
                beta = 1 - alpha
                x0 = (image - torch.sqrt(1 - bars[t]) * noise_est) / torch.sqrt(bars[t])
                image = (
                    torch.sqrt(bars[s]) * beta / (1 - bars[t]) * x0
                    + torch.sqrt(alpha) * (1 - bars[s]) / (1 - bars[t]) * image
                ).float()
                image = add_variance(stage_1, predicted_variance, t, image)
                print(int(t), float(image.std()))
            return image.cpu().detach()
        """,
    ),
    Variant(
        "on-one-step-denoise",
        "The clean estimate by the exercise before, the variance by a second pass.",
        source="""
        def iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps):
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            embeds = prompt_embeds.expand(len(im_noisy), *prompt_embeds.shape[1:])
            image = im_noisy
            for t, s in zip(timesteps[i_start:-1], timesteps[i_start + 1:]):
                x0 = one_step_denoise(stage_1, image, t, prompt_embeds)
                with torch.no_grad():
                    out = stage_1.unet(image, t, encoder_hidden_states=embeds, return_dict=False)
                bar_t, bar_s = stage_1.scheduler.alphas_cumprod[[t, s]]
                alpha = bar_t / bar_s
                mean = bar_s.sqrt() * (1 - alpha) / (1 - bar_t) * x0
                mean += alpha.sqrt() * (1 - bar_s) / (1 - bar_t) * image
                image = add_variance(stage_1, out[0][:, 3:], t, mean)
            return image
        """,
    ),
    Variant(
        "double-precision",
        "The arithmetic in float64, cast back at each step.",
        (
            (
                "alpha_bar, alpha_bar_prev = alphas_cumprod[t]",
                "alpha_bar, alpha_bar_prev = alphas_cumprod.double()[t]",
            ),
            (
                "coef_x0 * x0 + coef_xt * image)",
                "(coef_x0 * x0 + coef_xt * image).to(image.dtype))",
            ),
        ),
    ),
)
