"""The competition's sections of a report: breeds, photographs, labels, augmentation, raw data.

All figures are of the blend's out-of-fold probabilities, so no photograph was predicted by a model
trained on it. Breeds are shown by their labels, with their names where `breeds.csv` in the data folder has
them.
"""

import numpy as np

from tasks.core.report.page import Material, Picture, Pictures, Section, TableBlock, Text, jpeg
from tasks.dogs.config import Augmentation, Config, Recipe
from tasks.dogs.confusion import OutOfFoldAnswers, accuracy_by_breed, confused_breeds, read_answers

WORST_MISTAKES = 24
SUSPECT_PROBABILITY = 0.01
SUSPECTS = 60
SAMPLE_PHOTOGRAPHS = 4
SAMPLE_VIEWS = 5
SAMPLE_SIDE_PIXELS = 128
GREY = 128


def sections(material: Material) -> list[Section]:
    """The competition's own sections, in reading order.

    Raises:
        ValueError: the blend's records are not the dataset's, or stand in another order.
    """
    from tasks.dogs.dataset import photos
    from tasks.learning.report.sections import notes

    answers, photographs = read_answers(material), photos(material.dataset, "train")
    found = [
        confused_breeds(answers),
        accuracy_by_breed(answers),
        _mistakes(answers, photographs),
        _suspects(answers),
        _samples(answers, photographs, Config.model_validate(material.config)),
        notes(material.dataset),
    ]
    return [section for section in found if section.blocks]


def _mistakes(answers: OutOfFoldAnswers, photographs: np.ndarray) -> Section:
    """Photographs with the highest probability on a wrong breed."""
    labels, truth, answer = answers.labels, answers.truth, answers.answer
    certainty = np.where(answer != truth, answers.probabilities.max(axis=1), -1.0)
    order = np.argsort(-certainty, kind="stable")[:WORST_MISTAKES]
    items = [
        Picture(
            jpeg(photographs[place], side_pixels=224),
            f"{labels[truth[place]]} taken for {labels[answer[place]]}",
            f"{answers.probabilities[place, answer[place]]:.1%}, "
            f"true breed {answers.probabilities[place, truth[place]]:.1%}\n{answers.ids[place]}",
        )
        for place in order
        if certainty[place] >= 0
    ]
    caption = (
        "Largest probability on a wrong breed, with that of the true one. "
        "Look for wrong labels and for photographs of two dogs."
    )
    return Section("Worst mistakes", [Pictures(items, caption)] if items else [])


def _suspects(answers: OutOfFoldAnswers) -> Section:
    """Records whose label has a very low probability."""
    probability = answers.probabilities[np.arange(len(answers.ids)), answers.truth]
    order = np.argsort(probability, kind="stable")[: np.count_nonzero(probability < SUSPECT_PROBABILITY)]
    if not len(order):
        return Section("Suspect labels", [])
    labels, answer = answers.labels, answers.answer
    text = (
        f"The given label of {len(order):,} of {len(probability):,} training records "
        f"({len(order) / len(probability):.1%}) got a probability under {SUSPECT_PROBABILITY:g}. "
        "A weak model rules out right labels too: look at the photographs first."
    )
    rows = [
        [
            answers.ids[p],
            labels[answers.truth[p]],
            probability[p],
            labels[answer[p]],
            answers.probabilities[p, answer[p]],
        ]
        for p in order[:SUSPECTS]
    ]
    columns = ["id", "given label", "its probability", "answer", "its probability"]
    table = TableBlock(columns, rows, f"The {len(rows)} least probable.")
    return Section("Suspect labels", [Text(text), table])


def _samples(answers: OutOfFoldAnswers, photographs: np.ndarray, config: Config) -> Section:
    """A sheet for each augmentation: photographs, each with training views to its right."""
    kinds: dict[Augmentation, list[Recipe]] = {}
    for recipe in config.recipes:
        kinds.setdefault(recipe.augmentation, []).append(recipe)
    items = [
        Picture(
            jpeg(_sheet(answers, photographs, kind, seed=config.seed), side_pixels=2048),
            ", ".join(recipe.name for recipe in recipes),
            _difference(kind),
        )
        for kind, recipes in kinds.items()
    ]
    caption = "Left: the photograph; beside it: views as a training sees them, before records are mixed."
    return Section("Augmentation", [Pictures(items, caption, width_pixels=600)])


def _difference(kind: Augmentation) -> str:
    changed = kind.model_dump(exclude_defaults=True)
    return ", ".join(f"{name} = {value}" for name, value in changed.items()) or "defaults"


def _sheet(
    answers: OutOfFoldAnswers, photographs: np.ndarray, kind: Augmentation, *, seed: int
) -> np.ndarray:
    """Photographs down the side, their views to the right of a gap: (height, width, 3) uint8."""
    from tasks.dogs.augment import view
    from tasks.dogs.test_time_views import prediction_view

    count = min(SAMPLE_PHOTOGRAPHS, len(photographs))
    chosen = np.random.default_rng(seed).choice(len(photographs), size=count, replace=False)
    gap = np.full((SAMPLE_SIDE_PIXELS, SAMPLE_SIDE_PIXELS // 16, 3), GREY, np.uint8)
    rows = []
    for place in map(int, chosen):
        partners = np.flatnonzero(answers.folds == answers.folds[place])
        views = [
            view(
                photographs,
                place,
                partners=partners,
                labels=answers.truth,
                settings=kind,
                size_pixels=SAMPLE_SIDE_PIXELS,
                seed=seed + number,
            )
            for number in range(SAMPLE_VIEWS)
        ]
        original = prediction_view(photographs[place], "identity", size_pixels=SAMPLE_SIDE_PIXELS)
        rows.append(np.concatenate([original, gap, *views], axis=1))
    return np.concatenate(rows)
