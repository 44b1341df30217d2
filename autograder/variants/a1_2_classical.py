"""Correct answers of `classical_denoise` in other styles."""

from __future__ import annotations

from autograder.bank import Variant

VARIANTS = (
    Variant(
        "numbers-for-lists",
        "Plain numbers by keyword, on a copy.",
        source="""
        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            return TF.gaussian_blur(im_noisy.clone(), kernel_size=kernel_size, sigma=sigma)
        """,
    ),
    Variant(
        "transform",
        "torchvision's transform class, picture by picture.",
        source="""
        from torchvision import transforms

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            blur = transforms.GaussianBlur(kernel_size, (sigma, sigma))
            return torch.stack([blur(x) for x in im_noisy])
        """,
    ),
    Variant(
        "convolution",
        "A separable convolution by hand, with a NumPy kernel.",
        source="""
        def kernel_1d(size, sigma):
            x = np.arange(size) - (size - 1) / 2
            k = np.exp(-x**2 / (2 * sigma**2))
            return torch.tensor(k / k.sum(), dtype=torch.float32)

        def classical_denoise(im_noisy, kernel_size=5, sigma=2.0):
            k, pad = kernel_1d(kernel_size, sigma), kernel_size // 2
            x = F.pad(im_noisy, (pad, pad, pad, pad), mode="reflect")
            weight = torch.outer(k, k).expand(3, 1, kernel_size, kernel_size)
            return F.conv2d(x, weight, groups=3)
        """,
    ),
)
