"""Known mistakes in `ClassConditionalUNet`."""

from __future__ import annotations

from autograder.bank import Mistake

BOTTOM = "c1 * self.unflatten(self.flatten(e3)) + t1"
UP1 = "c2 * self.up1(torch.cat([unflatten, e3], dim=1)) + t2"
ONE_HOT = "one_hot = F.one_hot(c, self.num_classes).to(x.dtype)\n"
MASKED = "one_hot = one_hot * mask.view(-1, 1)"

MISTAKES = (
    Mistake(
        "mask-sets-class-0",
        "A masked class becomes class 0.",
        "Multiply the one-hot vector by the mask, not the label: no class is a vector of zeros.",
        ((MASKED, "one_hot = F.one_hot((c * mask).long(), self.num_classes).to(x.dtype)"),),
    ),
    Mistake(
        "mask-inverted",
        "The mask is used the other way round: 1 drops the class.",
        "1 keeps a class and 0 drops it.",
        ((MASKED, "one_hot = one_hot * (1 - mask.view(-1, 1))"),),
    ),
    Mistake(
        "mask-ignored",
        "The mask is not used.",
        "Multiply the one-hot vector by it, picture by picture.",
        ((MASKED, "one_hot = one_hot * 1.0"),),
    ),
    Mistake(
        "mask-scales-the-output",
        "The mask multiplies the FCBlocks' outputs, so that a dropped class wipes the image.",
        "It is the one-hot vector that is set to zeros; the FCBlocks still have their biases.",
        (
            (MASKED, "mask = mask.view(-1, 1)"),
            (
                "c1 = self.fc1_c(one_hot)",
                "mask = 1.0 if mask is None else mask\n        c1 = (mask * self.fc1_c(one_hot))",
            ),
            ("c2 = self.fc2_c(one_hot)", "c2 = (mask * self.fc2_c(one_hot))"),
        ),
    ),
    Mistake(
        "no-mask-drops-all",
        "Without a mask all classes are dropped.",
        "mask=None keeps all of them.",
        (
            (
                "if mask is not None:\n",
                "mask = torch.zeros_like(t) if mask is None else mask\n"
                "        if mask is not None:\n",
            ),
        ),
    ),
    Mistake(
        "class-added",
        "The class is added to unflatten and up1, as the time is.",
        "The class scales: c1 * unflatten + t1.",
        ((BOTTOM, BOTTOM.replace("c1 * ", "c1 + ")), (UP1, UP1.replace("c2 * ", "c2 + "))),
    ),
    Mistake(
        "time-scales-class-shifts",
        "The roles are swapped: the time scales and the class is added.",
        "The class scales and the time shifts: c1 * unflatten + t1.",
        (
            (BOTTOM, BOTTOM.replace("c1 *", "t1 *").replace("+ t1", "+ c1")),
            (UP1, UP1.replace("c2 *", "t2 *").replace("+ t2", "+ c2")),
        ),
    ),
    Mistake(
        "class-scales-the-time-too",
        "The time is added before the class scales.",
        "Scale first, then shift: c1 * unflatten + t1, not c1 * (unflatten + t1).",
        (
            (BOTTOM, "c1 * (self.unflatten(self.flatten(e3)) + t1)"),
            (UP1, "c2 * (self.up1(torch.cat([unflatten, e3], dim=1)) + t2)"),
        ),
    ),
    Mistake(
        "conditioned-after-concat",
        "Class and time are applied after the concatenation, so the skip is changed as well.",
        "Condition unflatten and up1 themselves, then concatenate.",
        (
            (BOTTOM, "self.unflatten(self.flatten(e3))"),
            (UP1, "self.up1(torch.cat([c1 * unflatten + t1, c1 * e3 + t1], dim=1))"),
            (
                "self.up2(torch.cat([up1, e2], dim=1))",
                "self.up2(torch.cat([c2 * up1 + t2, c2 * e2 + t2], dim=1))",
            ),
        ),
    ),
    Mistake(
        "class-ignored",
        "The class is not used; the net sees the time only.",
        "Multiply unflatten and up1 by the FCBlocks of the class.",
        ((BOTTOM, BOTTOM.replace("c1 * ", "")), (UP1, UP1.replace("c2 * ", ""))),
    ),
    Mistake(
        "class-as-a-number",
        "The class is given as one number, not as a one-hot vector.",
        "Classes have no order: use F.one_hot with num_classes entries.",
        (
            (ONE_HOT, "one_hot = c.view(-1, 1).to(x.dtype)\n"),
            ("self.fc1_c = FCBlock(num_classes,", "self.fc1_c = FCBlock(1,"),
            ("self.fc2_c = FCBlock(num_classes,", "self.fc2_c = FCBlock(1,"),
        ),
    ),
    Mistake(
        "class-only-at-bottom",
        "The class scales unflatten, but not up1.",
        "There are two FCBlocks for the class and two places.",
        ((UP1, UP1.replace("c2 * ", "")),),
    ),
)
