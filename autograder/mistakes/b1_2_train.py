"""Known mistakes in `train_denoiser`."""

from __future__ import annotations

from autograder.bank import Mistake

LOSS = "loss = F.mse_loss(unet(add_noise(x, sigma)), x)\n"
ADAM = "    optimizer = torch.optim.Adam(unet.parameters(), lr=lr)\n"
EPOCHS = '    for _ in tqdm(range(num_epochs), desc="epochs"):\n'
APPEND = "            losses.append(loss.item())\n"
ZERO = "            optimizer.zero_grad()\n"
STEP = "            optimizer.step()\n"
TRAIN = "    unet.train()\n"
ONCE = "Draw the noise inside of the inner loop, by add_noise(x, sigma)."

MISTAKES = (
    Mistake(
        "compared-with-noisy",
        "The output is compared with its own noisy input.",
        "The target is the clean picture x; else the best network does nothing.",
        ((LOSS, "z = add_noise(x, sigma)\n            loss = F.mse_loss(unet(z), z)\n"),),
    ),
    Mistake(
        "compared-with-noise",
        "The output is compared with the noise, as in a DDPM.",
        "This network is a denoiser: its target is the clean picture x.",
        (
            (
                LOSS,
                "z = add_noise(x, sigma)\n"
                "            loss = F.mse_loss(unet(z), (z - x) / sigma)\n",
            ),
        ),
    ),
    Mistake(
        "trained-without-noise",
        "The network is trained on clean pictures.",
        "Its input is add_noise(x, sigma).",
        ((LOSS, "loss = F.mse_loss(unet(x), x)\n"),),
    ),
    Mistake(
        "noise-of-deviation-one",
        "The noise has deviation 1, not sigma.",
        "Give sigma to add_noise.",
        ((LOSS, "loss = F.mse_loss(unet(add_noise(x, 1.0)), x)\n"),),
    ),
    Mistake(
        "noise-of-deviation-sigma-squared",
        "The noise has deviation sigma squared.",
        "sigma is the deviation, not its root.",
        ((LOSS, "loss = F.mse_loss(unet(add_noise(x, sigma**2)), x)\n"),),
    ),
    Mistake(
        "noise-drawn-before-training",
        "Noise is drawn once, before training, so every epoch has the same.",
        ONCE,
        (
            (TRAIN, TRAIN + "    loader = [(x, add_noise(x, sigma)) for x, _ in loader]\n"),
            ("for x, _label in loader:", "for x, z in loader:"),
            (LOSS, "loss = F.mse_loss(unet(z), x)\n"),
        ),
    ),
    Mistake(
        "same-noise-in-all-batches",
        "All batches share one draw of noise.",
        ONCE,
        (
            (TRAIN, TRAIN + "    noise = add_noise(torch.zeros_like(loader[0][0]), sigma)\n"),
            (LOSS, "loss = F.mse_loss(unet(x + noise), x)\n"),
        ),
    ),
    Mistake(
        "pictures-from-minus-one",
        "The pictures are moved to [-1, 1] first.",
        "Digits stay in [0, 1] in this part.",
        (("x = x.to(device)\n", "x = x.to(device) * 2 - 1\n"),),
    ),
    Mistake(
        "absolute-differences",
        "The loss is the mean absolute difference.",
        "It is the mean squared difference: F.mse_loss.",
        (("F.mse_loss", "F.l1_loss"),),
    ),
    Mistake(
        "loss-summed",
        "The loss is the sum over all pixels, not their mean.",
        "F.mse_loss takes the mean by itself.",
        ((LOSS, 'loss = F.mse_loss(unet(add_noise(x, sigma)), x, reduction="sum")\n'),),
    ),
    Mistake(
        "gradients-pile-up",
        "zero_grad is missing, so gradients of earlier batches are added.",
        "Call optimizer.zero_grad() for every batch.",
        ((ZERO, ""),),
    ),
    Mistake(
        "never-steps",
        "The optimizer never moves the parameters.",
        "zero_grad, backward, step: all three for every batch, in this order.",
        ((STEP, ""),),
    ),
    Mistake(
        "learning-rate-ignored",
        "Adam has a learning rate of its own, not lr.",
        "Adam's default is 1e-3: give it lr=lr.",
        ((ADAM, ADAM.replace(", lr=lr", "")),),
    ),
    Mistake(
        "plain-gradient-descent",
        "The optimizer is SGD.",
        "Use torch.optim.Adam.",
        ((ADAM, ADAM.replace("Adam", "SGD")),),
    ),
    Mistake(
        "decaying-weights",
        "The optimizer is AdamW, which shrinks the weights.",
        "Use torch.optim.Adam.",
        ((ADAM, ADAM.replace("Adam", "AdamW")),),
    ),
    Mistake(
        "optimizer-made-in-each-epoch",
        "The optimizer is made anew in every epoch and forgets its averages.",
        "Make it once, before the loops.",
        ((ADAM, ""), (EPOCHS, EPOCHS + "    " + ADAM)),
    ),
    Mistake(
        "one-epoch",
        "There is one epoch, whatever num_epochs is.",
        "Go through the loader num_epochs times.",
        ((EPOCHS, "    for _ in range(1):\n"),),
    ),
    Mistake(
        "one-loss-per-epoch",
        "Only the last loss of each epoch is kept.",
        "Append the loss of every batch, inside of the inner loop.",
        ((APPEND, APPEND[4:]),),
    ),
    Mistake(
        "losses-as-tensors",
        "The losses are tensors that keep their graphs.",
        "Append loss.item(), a plain number.",
        ((APPEND, APPEND.replace(".item()", "")),),
    ),
    Mistake(
        "evaluation-mode",
        "The network is not put in training mode.",
        "unet.train() before the loop: BatchNorm depends on it.",
        ((TRAIN, ""),),
    ),
)
