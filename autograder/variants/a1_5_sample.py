"""Correct answers of `sample` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "one-by-one",
        "One picture after the other, with a progress bar and keywords.",
        source="""
        def sample(stage_1, num_images, prompt_embeds, timesteps):
            images = []
            for k in tqdm(range(num_images)):
                embeds = prompt_embeds[k % len(prompt_embeds)].unsqueeze(0)
                im_noisy = torch.randn(1, 3, 64, 64, device=stage_1.unet.device)
                images.append(
                    iterative_denoise(
                        stage_1, im_noisy, i_start=0, prompt_embeds=embeds, timesteps=timesteps
                    )
                )
            return torch.cat(images, dim=0)
        """,
    ),
    Variant(
        "own-loop",
        "The loop written out, without iterative_denoise, from NumPy's noise, as an array.",
        source="""
        @torch.no_grad()
        def sample(stage_1, num_images, prompt_embeds, timesteps):
            unet, scheduler = stage_1.unet, stage_1.scheduler
            scheduler.set_timesteps(timesteps=timesteps)
            x = torch.from_numpy(np.random.randn(num_images, 3, 64, 64)).to(unet.dtype)
            embeds = prompt_embeds.expand(num_images, -1, -1)
            for t, prev_t in zip(timesteps[:-1], timesteps[1:]):
                out = unet(x, t, encoder_hidden_states=embeds, return_dict=False)[0]
                eps, v = out.chunk(2, dim=1)
                bar, bar_prev = scheduler.alphas_cumprod[t], scheduler.alphas_cumprod[prev_t]
                alpha = bar / bar_prev
                x = (x - (1 - alpha) / (1 - bar).sqrt() * eps) / alpha.sqrt()
                x = add_variance(stage_1, v, t, x)
            return x.cpu().detach().numpy()
        """,
    ),
    Variant(
        "helper-of-an-earlier-name",
        "A helper in the cell that has the name of an earlier exercise.",
        source="""
        def forward(n, device, dtype):
            return torch.randn((n, 3, 64, 64), device=device, dtype=dtype)

        def sample(stage_1, num_images, prompt_embeds, timesteps):
            noise = forward(num_images, stage_1.unet.device, stage_1.unet.dtype)
            return iterative_denoise(stage_1, noise, 0, prompt_embeds, timesteps)
        """,
    ),
    Variant(
        "normal-in-place",
        "The noise fills an empty tensor, the shape is read off the UNet.",
        source="""
        def initial_noise(unet, n):
            size = unet.config.sample_size
            return torch.empty(n, unet.config.in_channels, size, size).normal_()

        def sample(stage_1, num_images, prompt_embeds, timesteps):
            noise = initial_noise(stage_1.unet, num_images)
            print("sampling", num_images)
            prompts = prompt_embeds.expand(num_images, -1, -1)
            return iterative_denoise(stage_1, noise, 0, prompts, timesteps).detach().cpu()
        """,
    ),
)
