"""Known mistakes in `train_ddpm`."""

from __future__ import annotations

from autograder.bank import Mistake

LOSS = "loss = ddpm_forward_class(unet, schedule, x, c, p_uncond, num_ts)\n"
ADAM = "    optimizer = torch.optim.Adam(unet.parameters(), lr=lr)\n"
DECAY = (
    "    decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.1 ** (1 / num_epochs))\n"
)
EPOCHS = '    for _ in tqdm(range(num_epochs), desc="epochs"):\n'
APPEND = "            losses.append(loss.item())\n"
ZERO = "            optimizer.zero_grad()\n"
STEP = "            optimizer.step()\n"
FALL = "        decay.step()\n"
TRAIN = "    unet.train()\n"

MISTAKES = (
    Mistake(
        "rate-falls-with-each-batch",
        "The scheduler steps after every batch, so the learning rate soon is next to nothing.",
        "Call scheduler.step() once an epoch, outside of the inner loop.",
        ((FALL, "    " + FALL),),
    ),
    Mistake(
        "rate-never-falls",
        "The scheduler never steps, so the learning rate stays.",
        "Call scheduler.step() at the end of every epoch.",
        ((FALL, ""),),
    ),
    Mistake(
        "rate-falls-tenfold-each-epoch",
        "The learning rate falls tenfold in every epoch.",
        "gamma is 0.1 ** (1 / num_epochs), so that all epochs together make a tenth.",
        ((DECAY, DECAY.replace("0.1 ** (1 / num_epochs)", "0.1")),),
    ),
    Mistake(
        "rate-falls-before-the-epoch",
        "The scheduler steps before the first epoch, so that this has a smaller rate.",
        "Call scheduler.step() at the end of an epoch.",
        ((FALL, ""), (EPOCHS, EPOCHS + FALL)),
    ),
    Mistake(
        "gamma-for-twenty-epochs",
        "gamma is made for 20 epochs, whatever num_epochs is.",
        "gamma is 0.1 ** (1 / num_epochs).",
        ((DECAY, DECAY.replace("1 / num_epochs", "1 / 20")),),
    ),
    Mistake(
        "learning-rate-ignored",
        "Adam has a learning rate of its own, not lr.",
        "Give it lr=lr.",
        ((ADAM, ADAM.replace("lr=lr", "lr=1e-3")),),
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
        "Optimizer and scheduler are made anew in every epoch.",
        "Make both once, before the loops.",
        (
            (ADAM, ""),
            (DECAY, ""),
            (
                EPOCHS,
                EPOCHS + "    " + ADAM + "        decay = torch.optim.lr_scheduler."
                "ExponentialLR(optimizer, gamma=0.1)\n",
            ),
        ),
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
        (
            (STEP, "            torch.optim.Adam(unet.parameters(), lr=0.0).step()\n"),
            (FALL, "        optimizer.param_groups[0]['lr'] *= 1.0\n"),
        ),
    ),
    Mistake(
        "p-uncond-fixed",
        "Classes are dropped with probability 0.1, whatever p_uncond is.",
        "Pass p_uncond on.",
        ((LOSS, LOSS.replace("p_uncond", "0.1")),),
    ),
    Mistake(
        "p-uncond-inverted",
        "Classes are kept with probability p_uncond, not dropped.",
        "p_uncond is the probability of dropping a class; pass it on as it is.",
        ((LOSS, LOSS.replace("p_uncond", "1 - p_uncond")),),
    ),
    Mistake(
        "classes-never-dropped",
        "No class is ever dropped, so guidance has nothing to work with.",
        "Pass p_uncond on.",
        ((LOSS, LOSS.replace("p_uncond", "0.0")),),
    ),
    Mistake(
        "labels-replaced",
        "The labels of the loader are not used.",
        "A batch is (x, c): both go into the loss.",
        ((LOSS, LOSS.replace("x, c,", "x, torch.zeros_like(c),")),),
    ),
    Mistake(
        "pictures-from-minus-one",
        "The pictures are moved to [-1, 1] first.",
        "Digits stay in [0, 1] in this part.",
        ((LOSS, LOSS.replace("x, c,", "2 * x - 1, c,")),),
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
