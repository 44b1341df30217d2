"""Known mistakes of `ddpm_schedule`."""

from __future__ import annotations

from autograder.bank import Mistake

BETAS = "betas = torch.linspace(beta1, beta2, num_ts)"
ALPHAS = "    alphas = 1 - betas\n"
RESULT = 'return {"betas": betas, "alphas": alphas, "alpha_bars": alphas.cumprod(dim=0)}'

MISTAKES = (
    Mistake(
        "one-table-for-all",
        "All three tables are the betas.",
        "alphas and alpha_bars follow from the betas; compute them.",
        ((RESULT, 'return {"betas": betas, "alphas": betas, "alpha_bars": betas}'),),
    ),
    Mistake(
        "constants",
        "The tables are constants, not computed from the arguments.",
        "Use beta1, beta2 and num_ts.",
        ((BETAS, "betas = torch.linspace(1e-4, 0.02, num_ts)"),),
    ),
    Mistake(
        "sum-not-product",
        "alpha_bars is the running sum of the alphas.",
        "cumprod multiplies, cumsum adds.",
        ((RESULT, RESULT.replace("cumprod", "cumsum")),),
    ),
    Mistake(
        "product-of-betas",
        "alpha_bars is the running product of the betas.",
        "Multiply the alphas.",
        ((RESULT, RESULT.replace("alphas.cumprod", "betas.cumprod")),),
    ),
    Mistake(
        "no-product",
        "alpha_bars are the alphas themselves.",
        "alpha_bar of a timestep is the product of all alphas up to it.",
        ((RESULT, RESULT.replace("alphas.cumprod(dim=0)", "alphas")),),
    ),
    Mistake(
        "tables-swapped",
        "alphas and alpha_bars are swapped.",
        "alpha_bars is the running product.",
        (
            (
                RESULT,
                'return {"betas": betas, "alphas": alphas.cumprod(dim=0), "alpha_bars": alphas}',
            ),
        ),
    ),
    Mistake(
        "end-left-out",
        "The betas stop one step before beta2.",
        "torch.linspace includes both ends, torch.arange does not.",
        ((BETAS, "betas = beta1 + (beta2 - beta1) * torch.arange(num_ts) / num_ts"),),
    ),
    Mistake(
        "one-entry-too-many",
        "The tables have num_ts + 1 entries.",
        "There are num_ts timesteps; entry t - 1 belongs to timestep t.",
        ((BETAS, "betas = torch.linspace(beta1, beta2, num_ts + 1)"),),
    ),
    Mistake(
        "shifted-product",
        "alpha_bars starts with 1, so it lags one entry behind.",
        "Its first entry is the first alpha; alpha_bar_0 = 1 is not in the table.",
        (
            (
                RESULT,
                RESULT.replace(
                    "alphas.cumprod(dim=0)", "torch.cat([torch.ones(1), alphas[:-1]]).cumprod(0)"
                ),
            ),
        ),
    ),
    Mistake(
        "roots",
        "alpha_bars holds square roots.",
        "The roots are taken where they are used.",
        ((RESULT, RESULT.replace("alphas.cumprod(dim=0)", "alphas.cumprod(dim=0).sqrt()")),),
    ),
    Mistake(
        "quadratic-betas",
        "The betas are evenly spaced in their square roots, not by themselves.",
        "The course's schedule is linear.",
        ((BETAS, "betas = torch.linspace(beta1**0.5, beta2**0.5, num_ts) ** 2"),),
    ),
    Mistake(
        "ends-swapped",
        "The betas fall from beta2 to beta1.",
        "Early timesteps get little noise.",
        ((BETAS, "betas = torch.linspace(beta2, beta1, num_ts)"),),
    ),
)
