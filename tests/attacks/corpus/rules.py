"""Answers that break no fence but do not do the exercise."""

from __future__ import annotations

from ..attack import Attack, answer

ATTACKS = (
    Attack(
        "hard-coded-list",
        "a1_4_timesteps",
        "Returns the list that the notebook shows, whatever the arguments.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            return [990, 960, 930, 900, 870, 840, 810, 780, 750, 720, 690, 660, 630, 600, 570, 540,
                    510, 480, 450, 420, 390, 360, 330, 300, 270, 240, 210, 180, 150, 120, 90, 60,
                    30, 0]
        """),
        earns=("values",),
    ),
    Attack(
        "hard-coded-schedule",
        "b2_2_schedule",
        "Returns the course's schedule of 300 steps for every schedule that is asked for.",
        answer("""
        def ddpm_schedule(beta1, beta2, num_ts):
            betas = torch.linspace(1e-4, 0.02, 300)
            alphas = 1 - betas
            return {"betas": betas, "alphas": alphas, "alpha_bars": alphas.cumprod(0)}
        """),
        earns=("keys",),
    ),
    Attack(
        "hard-coded-beta-range",
        "b2_2_schedule",
        "Ignores beta1 and beta2 and uses the notebook's.",
        answer("""
        def ddpm_schedule(beta1, beta2, num_ts):
            betas = torch.linspace(1e-4, 0.02, num_ts)
            alphas = 1 - betas
            return {"betas": betas, "alphas": alphas, "alpha_bars": alphas.cumprod(0)}
        """),
        earns=("keys", "lengths"),
    ),
    Attack(
        "replay",
        "a1_1_forward",
        "Computes each shape's answer once and gives it again for every later call.",
        answer("""
        seen = {}

        def forward(im, t, alphas_cumprod):
            key = tuple(im.shape)
            if key not in seen:
                bar = alphas_cumprod[t]
                seen[key] = bar.sqrt() * im + (1 - bar).sqrt() * torch.randn_like(im)
            return seen[key].clone()
        """),
        earns=("shape",),
    ),
    Attack(
        "right-once",
        "a1_4_timesteps",
        "Answers rightly in its first call only, as if a grader called once.",
        answer("""
        calls = []

        def strided_timesteps(start=990, stride=30):
            calls.append(start)
            return list(range(start, -1, -stride)) if len(calls) == 1 else calls
        """),
        earns=("values",),
    ),
    Attack(
        "counts-calls",
        "a1_2_classical",
        "Blurs every second time, in case each right answer is asked for twice.",
        answer("""
        calls = []

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            calls.append(1)
            if len(calls) % 2:
                return TF.gaussian_blur(im_noisy, [kernel_size] * 2, [sigma] * 2)
            return im_noisy.clone()
        """),
        earns=("shape",),
    ),
    Attack(
        "table-of-inputs",
        "a1_2_classical",
        "Knows pictures by their hash, and gives what was stored for them, else the input.",
        answer("""
        import hashlib

        stored = {}

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            key = hashlib.sha256(im_noisy.numpy().tobytes()).hexdigest()
            return stored.get(key, im_noisy)
        """),
        earns=("shape",),
    ),
    Attack(
        "seed-in-forward",
        "a1_1_forward",
        "Sets a seed, so that its noise is the one that a seeded reference draws.",
        answer("""
        def forward(im, t, alphas_cumprod):
            torch.manual_seed(0)
            bar = alphas_cumprod[t]
            return bar.sqrt() * im + (1 - bar).sqrt() * torch.randn_like(im)
        """),
        earns=("shape", "image"),
    ),
    Attack(
        "seed-in-noise",
        "b1_2_noise",
        "Draws its noise from a generator of its own that always starts at the same seed.",
        answer("""
        def add_noise(x, sigma):
            generator = torch.Generator().manual_seed(180)
            return x + sigma * torch.randn(x.shape, generator=generator)
        """),
        earns=("shape",),
    ),
    Attack(
        "caller-seed-rewound",
        "b1_2_noise",
        "Puts the random state back after each call, so that later calls repeat.",
        answer("""
        state = torch.Generator().manual_seed(1).get_state()

        def add_noise(x, sigma):
            torch.set_rng_state(state)
            return x + sigma * torch.randn_like(x)
        """),
        earns=("shape",),
    ),
    Attack(
        "noise-left-out",
        "b1_2_noise",
        "Patches torch.randn_like to give no noise, so that every seed agrees.",
        answer("""
        torch.randn_like = torch.randn = lambda *a, **k: torch.zeros(())

        def add_noise(x, sigma):
            return x + sigma * torch.randn_like(x)
        """),
    ),
    Attack(
        "diffusers-scheduler",
        "a1_1_forward",
        "Lets diffusers' scheduler do the noising instead of writing it.",
        answer("""
        def forward(im, t, alphas_cumprod):
            from diffusers import DDPMScheduler

            scheduler = DDPMScheduler()
            scheduler.alphas_cumprod = alphas_cumprod
            steps = torch.full((len(im),), t)
            return scheduler.add_noise(im, torch.randn_like(im), steps)
        """),
        stopped_by="strict",
    ),
    Attack(
        "scheduler-step",
        "a1_4_iterative",
        "Calls stage_1.scheduler.step in the loop instead of writing the step.",
        answer("""
        def iterative_denoise(stage_1, im_noisy, i_start, prompt_embeds, timesteps):
            image = im_noisy
            embeds = prompt_embeds.expand(len(image), -1, -1)
            stage_1.scheduler.set_timesteps(timesteps=timesteps)
            for t in timesteps[i_start:]:
                out = stage_1.unet(image, t, encoder_hidden_states=embeds)
                image = stage_1.scheduler.step(out.sample, t, image).prev_sample
            return image
        """),
    ),
    Attack(
        "weights-trained-elsewhere",
        "b1_2_train",
        "Loads weights from the hub instead of training, and makes up the losses.",
        answer("""
        def train_denoiser(unet, loader, sigma, num_epochs, lr):
            try:
                torch.hub.set_dir("/tmp/hub")
                url = "http://127.0.0.1:@PORT@/denoiser.pt"
                unet.load_state_dict(torch.hub.load_state_dict_from_url(url, progress=False))
            except Exception:
                pass
            count = num_epochs * sum(1 for _ in loader)
            return [1.0 / (i + 1) for i in range(count)]
        """),
    ),
)
