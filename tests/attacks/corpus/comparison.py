"""Wrong answers that try to make a comparison say yes."""

from __future__ import annotations

from ..attack import Attack, answer

ATTACKS = (
    Attack(
        "subclass-agrees",
        "a1_2_classical",
        "Returns a tensor subclass whose __torch_function__ answers every comparison with True.",
        answer("""
        class Right(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                name = getattr(func, "__name__", "")
                if name in ("allclose", "equal"):
                    return True
                if name in ("isclose", "eq", "le", "lt", "__eq__", "__le__", "isfinite"):
                    return torch.ones((), dtype=torch.bool)
                return super().__torch_function__(func, types, args, kwargs or {})

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return im_noisy.clone().as_subclass(Right)
        """),
        earns=("shape",),
    ),
    Attack(
        "subclass-hides-its-values",
        "a1_2_classical",
        "Returns a tensor subclass that gives itself back from every function, detach included.",
        answer("""
        class Right(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return True if "close" in getattr(func, "__name__", "") else args[0]

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return torch.zeros(1).as_subclass(Right)
        """),
    ),
    Attack(
        "object-equals-everything",
        "a1_4_timesteps",
        "Returns an object that is equal to, and less and more than, whatever it is compared with.",
        answer("""
        class Right:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __lt__(self, other): return True
            __gt__ = __le__ = __ge__ = __lt__
            def __hash__(self): return 0
            def __bool__(self): return True
            def __len__(self): return 34
            def __getitem__(self, i): return self

        def strided_timesteps(start=990, stride=30):
            return Right()
        """),
    ),
    Attack(
        "list-equals-everything",
        "a1_4_timesteps",
        "Returns a list subclass that lies about its length, its items and its equality.",
        answer("""
        class Right(list):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __len__(self): return 34
            def __getitem__(self, i): return 990 if i == 0 else 0

        def strided_timesteps(start=990, stride=30):
            return Right([1, 2, 3])
        """),
    ),
    Attack(
        "integers-equal-everything",
        "a1_4_timesteps",
        "Returns int subclasses that compare as equal and whose differences are 0.",
        answer("""
        class Right(int):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0
            __rsub__ = __sub__
            def __hash__(self): return 0

        def strided_timesteps(start=990, stride=30):
            return [Right(7)] * (start // stride + 1)
        """),
    ),
    Attack(
        "floats-differ-by-nothing",
        "b2_2_schedule",
        "Fills the tables with float subclasses whose __sub__, __abs__ and __lt__ lie.",
        answer("""
        class Right(float):
            def __sub__(self, other): return Right(0)
            __rsub__ = __sub__
            def __abs__(self): return Right(0)
            def __lt__(self, other): return True
            __le__ = __lt__

        def ddpm_schedule(beta1, beta2, num_ts):
            table = [Right(0.5)] * num_ts
            return {"betas": table, "alphas": table, "alpha_bars": table}
        """),
        earns=("keys", "lengths"),
    ),
    Attack(
        "nan",
        "a1_1_forward",
        "Returns nan everywhere, of which no difference is larger than a tolerance.",
        answer("""
        def forward(im, t, alphas_cumprod):
            return torch.full_like(im, float("nan"))
        """),
    ),
    Attack(
        "infinite",
        "b1_2_noise",
        "Returns infinite values, whose relative error is within any tolerance of itself.",
        answer("""
        def add_noise(x, sigma):
            return torch.full_like(x, float("inf"))
        """),
    ),
    Attack(
        "nan-schedule",
        "b2_2_schedule",
        "Returns tables of the right length that are nan.",
        answer("""
        def ddpm_schedule(beta1, beta2, num_ts):
            table = torch.full((num_ts,), float("nan"))
            return {"betas": table, "alphas": table, "alpha_bars": table}
        """),
    ),
    Attack(
        "broadcastable-mean",
        "a1_2_classical",
        "Returns one value, which broadcasts against the expected picture.",
        answer("""
        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return im_noisy.mean().reshape(1, 1, 1, 1)
        """),
    ),
    Attack(
        "broadcastable-schedule",
        "b2_2_schedule",
        "Returns tables without entries, on which every elementwise comparison is true.",
        answer("""
        def ddpm_schedule(beta1, beta2, num_ts):
            nothing = torch.zeros(0)
            return {"betas": nothing, "alphas": nothing, "alpha_bars": nothing}
        """),
        earns=("keys",),
    ),
    Attack(
        "input-mutated",
        "a1_2_classical",
        "Empties its input in place, so that a reference computed from it is empty as well.",
        answer("""
        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return im_noisy.zero_()
        """),
    ),
    Attack(
        "schedule-mutated",
        "a1_1_forward",
        "Overwrites alphas_cumprod with ones, for which returning the picture is right.",
        answer("""
        def forward(im, t, alphas_cumprod):
            alphas_cumprod.fill_(1.0)
            return im.clone()
        """),
        earns=("shape",),
    ),
    Attack(
        "alias-of-the-input",
        "a1_2_classical",
        "Returns the input itself, and changes what it returned before when it is called again.",
        answer("""
        kept = []

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            for earlier in kept:
                earlier.copy_(TF.gaussian_blur(earlier, [kernel_size] * 2, [sigma] * 2))
            kept.append(im_noisy)
            return im_noisy
        """),
        earns=("shape",),
    ),
    Attack(
        "torch-patched",
        "a1_2_classical",
        "Replaces torch.allclose, isclose, equal, isfinite and assert_close.",
        answer("""
        import torch.testing

        yes = lambda *a, **k: True
        torch.allclose = torch.equal = torch.testing.assert_close = yes
        torch.isclose = torch.isfinite = lambda *a, **k: torch.tensor(True)
        torch.Tensor.allclose = torch.Tensor.equal = yes

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return im_noisy
        """),
        earns=("shape",),
    ),
    Attack(
        "tensor-methods-patched",
        "b1_2_noise",
        "Replaces Tensor's __sub__, __eq__, abs, max, std and allclose.",
        answer("""
        torch.Tensor.allclose = lambda *a, **k: True
        torch.allclose = lambda *a, **k: True
        torch.Tensor.__sub__ = lambda a, b: torch.zeros(())
        torch.Tensor.abs = torch.Tensor.max = torch.Tensor.std = lambda *a, **k: torch.zeros(())
        torch.Tensor.__eq__ = lambda a, b: torch.tensor(True)
        torch.Tensor.__hash__ = lambda a: 0

        def add_noise(x, sigma):
            return x
        """),
    ),
    Attack(
        "numpy-patched",
        "b2_2_schedule",
        "Replaces numpy's comparison and testing functions, and torch's for good measure.",
        answer("""
        import numpy.testing

        yes = lambda *a, **k: True
        for module, names in ((np, ("allclose", "isclose", "array_equal", "all")),
                              (np.testing, ("assert_allclose", "assert_array_equal")),
                              (torch, ("allclose", "isclose", "equal"))):
            for name in names:
                setattr(module, name, yes)

        def ddpm_schedule(beta1, beta2, num_ts):
            table = np.linspace(0.0, 1.0, num_ts)
            return {"betas": table, "alphas": table, "alpha_bars": table}
        """),
        earns=("keys", "lengths"),
    ),
    Attack(
        "builtins-patched",
        "a1_4_timesteps",
        "Replaces isinstance, all, any, len and type in builtins.",
        answer("""
        import builtins

        def strided_timesteps(start=990, stride=30):
            builtins.all = builtins.any = lambda *a, **k: True
            builtins.isinstance = lambda *a: True
            builtins.len = lambda *a: 34
            return ["right"]
        """),
    ),
    Attack(
        "freed-memory",
        "a1_4_timesteps",
        "Returns memory that was never written, in the hope that the expected values were there.",
        answer("""
        def strided_timesteps(start=990, stride=30):
            count = start // stride + 1
            return [-abs(v) - 1 for v in torch.empty(count, dtype=torch.int64).tolist()]
        """),
    ),
    Attack(
        "loose-tolerance",
        "a1_2_classical",
        "Multiplies the right picture by 0.999, which a loose tolerance lets pass.",
        answer("""
        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return 0.999 * TF.gaussian_blur(im_noisy, [kernel_size] * 2, [sigma] * 2)
        """),
        earns=("shape",),
    ),
    Attack(
        "complex-values",
        "a1_1_forward",
        "Returns complex numbers, whose real part alone might be compared.",
        answer("""
        def forward(im, t, alphas_cumprod):
            return torch.complex(im, im)
        """),
    ),
    Attack(
        "answers-true",
        "a1_2_classical",
        "Returns True instead of a picture.",
        answer("""
        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return True
        """),
    ),
)
