"""Correct answers of `one_step_denoise` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "decorator",
        "A decorator for gradients, slices for channels, a tensor as the timestep.",
        source="""
        @torch.no_grad()
        def one_step_denoise(stage_1, im_noisy, t, prompt_embeds):
            bar = stage_1.scheduler.alphas_cumprod[t].item()
            embeds = prompt_embeds.repeat(len(im_noisy) // len(prompt_embeds), 1, 1)
            out = stage_1.unet(im_noisy, torch.tensor(t), embeds).sample
            return im_noisy / math.sqrt(bar) - math.sqrt(1 / bar - 1) * out[:, :3]
        """,
    ),
    Variant(
        "picture-by-picture",
        "A loop over the batch, a helper, a progress bar and a NumPy result.",
        source="""
        def estimate(x, noise, bar):
            return (x - np.sqrt(1 - bar) * noise) / np.sqrt(bar)

        def one_step_denoise(stage_1, im_noisy, t, prompt_embeds):
            bar = float(stage_1.scheduler.alphas_cumprod[t])
            clean = []
            for k, x in enumerate(tqdm(im_noisy)):
                embeds = prompt_embeds[min(k, len(prompt_embeds) - 1)][None]
                with torch.inference_mode():
                    model_output = stage_1.unet(
                        x[None], t, encoder_hidden_states=embeds, return_dict=False
                    )[0]
                noise_est, _ = torch.split(model_output, 3, dim=1)
                clean.append(estimate(x[None], noise_est, bar))
            return torch.cat(clean).cpu().detach().numpy()
        """,
    ),
    Variant(
        "double-precision",
        "The arithmetic in float64, one timestep for each picture.",
        source="""
        def one_step_denoise(stage_1, im_noisy, t, prompt_embeds):
            steps = torch.full((im_noisy.shape[0],), t)
            embeds = torch.broadcast_to(
                prompt_embeds, (im_noisy.shape[0], *prompt_embeds.shape[1:])
            )
            with torch.no_grad():
                out = stage_1.unet(
                    im_noisy.to(stage_1.unet.device, stage_1.unet.dtype), steps,
                    encoder_hidden_states=embeds, return_dict=False,
                )[0]
            noise = out.chunk(2, dim=1)[0].double()
            bar = stage_1.scheduler.alphas_cumprod.double()[steps].reshape(-1, 1, 1, 1)
            print(bar)
            return ((im_noisy - (1 - bar).sqrt() * noise) / bar.sqrt()).to(im_noisy.dtype)
        """,
    ),
)
