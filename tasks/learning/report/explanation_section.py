"""Sections that show why records have their answers: heat maps on photographs, characters by weight."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np

from tasks.core.report.page import Block, Picture, Pictures, Section, Text, Weighed
from tasks.learning.attribution.explanations import Explanation, Reason
from tasks.learning.attribution.heat_maps import full_weight, heat_map
from tasks.learning.attribution.path_integral import TOLERANCE

SIDE_PIXELS = 224
HOW = (
    "Integrated gradients (Sundararajan et al., 2017): the weights add up to the difference between what the "
    "network says to the record and to {blank}. Orange speaks for the answer, blue against it; the deepest "
    "shade is the largest weight of a picture."
)
BLANK = {True: "a plain image of its mean colour", False: "the same text with every character blank"}


def explanation_section(title: str, explanations: Sequence[Explanation], *, member: str) -> Section:
    """What a member's models look at in these records."""
    if not explanations:
        return Section(title, [])
    of_photographs = explanations[0].photograph is not None
    how = HOW.format(blank=BLANK[of_photographs])
    blocks: list[Block] = [Text(f"Member {member}. {how}")]
    for number, each in enumerate(explanations, 1):
        blocks += [Text(f"{number}. {heading(each)}"), *_blocks(each)]
    return Section(title, blocks)


def heading(explanation: Explanation) -> str:
    """`test:7, 3 models: answered a; labelled b`."""
    count = f"{explanation.models} models" if explanation.models > 1 else "a model"
    if explanation.part == "train":
        count += " that has not seen it" if explanation.models == 1 else " that have not seen it"
    answer = f"{explanation.id}, by {count}. Answered: {explanation.answer}."
    return answer if explanation.label is None else f"{answer} Labelled: {explanation.label}."


def pictures(explanation: Explanation) -> list[tuple[str, np.ndarray]]:
    """The photograph and a heat map for each reason, each (h, w, 3) uint8 with a name; none of texts."""
    photograph = explanation.photograph
    if photograph is None:
        return []
    scale = full_weight([each.heat for each in explanation.reasons if each.heat is not None])
    return [
        ("photograph", photograph),
        *(
            (reason.name, heat_map(photograph, reason.heat, scale=scale))
            for reason in explanation.reasons
            if reason.heat is not None
        ),
    ]


def _blocks(explanation: Explanation) -> list[Block]:
    if explanation.photograph is not None:
        drawn = pictures(explanation)
        items = [Picture(png(drawn[0][1]), "the photograph", "")]
        items += [
            Picture(png(picture), f"why {reason.name}", figures(reason))
            for (_, picture), reason in zip(drawn[1:], explanation.reasons, strict=True)
        ]
        return [Pictures(items, width_pixels=SIDE_PIXELS)]
    if not explanation.reasons:
        return [Text("No output of the network stands for this answer.")]
    return [
        Weighed(
            [(each.name, each.tokens, each.weights) for each in reason.texts],
            f"Why {reason.name}",
            figures(reason),
        )
        for reason in explanation.reasons
    ]


def figures(reason: Reason) -> str:
    """What is known of an output: whether it was answered and is right, and both ends of the path."""
    said = "answered" if reason.answered else "not answered"
    right = {True: ", right", False: ", wrong", None: ""}[reason.right]
    missed = {True: ", missed", False: "", None: ""}[reason.right]
    text = f"{said}{right if reason.answered else missed}: {reason.output:.3f}, blank {reason.baseline:.3f}"
    if reason.error > TOLERANCE:
        text += f"; the weights lack {reason.error:.0%} of the difference after {reason.points} steps"
    return text


def png(picture: np.ndarray) -> bytes:
    """A picture (h, w, 3) uint8 as PNG, small ones enlarged without blur."""
    from PIL import Image

    image = Image.fromarray(picture)
    if (factor := SIDE_PIXELS // max(image.size)) > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()
