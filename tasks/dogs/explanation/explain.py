"""Why a photograph is taken for a breed: the weight of each pixel for the probability of that breed.

The baseline is a plain image of the photograph's mean colour. The network is the whole one, frozen trunk
included, which reads the photograph as it is; further test-time views are left out.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Scores
from tasks.core.dataset import Dataset
from tasks.core.jobs import ExplainedRecords, ExplainJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.export.network import WholeNetwork, whole_network
from tasks.dogs.photographs.breed_names import breed_names
from tasks.dogs.test_time_views import prediction_view, resized
from tasks.learning.attribution.explanations import Explainer, Explanation, Reason
from tasks.learning.attribution.networks import Attributor, Output, Weights
from tasks.learning.classification.uncertainty import unsure, wrong_and_certain

AT_ONCE = 8
"""Points of a path computed together: as many photographs, with their gradients, are in memory."""


def explain(job: ExplainJob) -> Iterator[Explanation]:
    """For each photograph why it has its answer and, where the label is another breed, why not that one."""
    from keras import ops

    recipe, classes = Recipe.model_validate(job.settings), dataset.classes(job.dataset)
    network = whole_network(recipe, class_count=len(classes), first_head=job.first_head)
    attributor = Attributor(
        network.model,
        lambda outputs, choice: ops.sum(outputs["breeds"] * choice["breed"], axis=-1),
        tuple(network.names.values()),
        at_once=AT_ONCE,
    )
    for records in job.records:
        photographs = _photographs(job, network, records)
        outputs = [
            Output(each.views, _plain(each.views), {"breed": np.eye(len(classes), dtype=np.float32)[breed]})
            for each in photographs
            for breed in each.breeds
        ]
        weights = iter(attributor.of_models(outputs, records.models, network.load))
        for id, each in zip(records.ids, photographs, strict=True):
            yield Explanation(
                id,
                records.part,
                len(records.models),
                str(classes[each.answer]),
                None if each.truth is None else str(classes[each.truth]),
                tuple(_reason(network, each, breed, classes, next(weights)) for breed in each.breeds),
                each.photo,
            )


class Photograph(NamedTuple):
    """One photograph with what is answered."""

    photo: np.ndarray
    """(size, size, 3) uint8, at the largest size that the network reads."""
    views: dict[str, np.ndarray]
    """As the network reads it, by the name of the input: (1, size, size, 3) float32."""
    answer: int
    truth: int | None

    @property
    def breeds(self) -> list[int]:
        """The breeds whose probability is explained: the answer, and the true breed if it is another."""
        return list(dict.fromkeys([self.answer, *([] if self.truth is None else [self.truth])]))


def _photographs(job: ExplainJob, network: WholeNetwork, records: ExplainedRecords) -> list[Photograph]:
    place = {id: row for row, id in enumerate(dataset.ids(job.dataset, records.part))}
    photos, rows = dataset.photos(job.dataset, records.part), [place[id] for id in records.ids]
    views = [_views(photos[row], network.names) for row in rows]
    answers = _mean_probabilities(network, records, views).argmax(axis=1).tolist()
    known = records.part == "train"
    truths: list[Any] = dataset.targets(job.dataset)[rows].tolist() if known else [None] * len(rows)
    shown = [resized(photos[row], max(network.names)) for row in rows]
    return [Photograph(*each) for each in zip(shown, views, answers, truths, strict=True)]


def _reason(
    network: WholeNetwork, photograph: Photograph, breed: int, classes: list[int], weights: Weights
) -> Reason:
    by_name, mean = weights
    side = max(network.names)
    return Reason(
        str(classes[breed]),
        breed == photograph.answer,
        None if photograph.truth is None else breed == photograph.truth,
        mean.output,
        mean.baseline,
        mean.error,
        mean.points,
        heat=np.sum([_resized_sum(each[0], side) for each in by_name.values()], axis=0),
    )


def _views(photo: np.ndarray, names: dict[int, str]) -> dict[str, np.ndarray]:
    return {
        name: prediction_view(photo, "identity", size_pixels=side)[None].astype(np.float32)
        for side, name in names.items()
    }


def _plain(views: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Images of the mean colour of the photograph."""
    return {
        name: np.broadcast_to(each.mean(axis=(0, 1, 2), dtype=np.float64).astype(np.float32), each.shape)
        for name, each in views.items()
    }


def _mean_probabilities(
    network: WholeNetwork, records: ExplainedRecords, views: list[dict[str, np.ndarray]]
) -> np.ndarray:
    """(n, k) of the photographs as they are, the mean over models."""
    found = []
    for model in records.models:
        network.load(model)
        found.append([np.asarray(network.model(view, training=False)["breeds"])[0] for view in views])
    return np.mean(found, axis=0)


def _resized_sum(weights: np.ndarray, side: int) -> np.ndarray:
    """Weights of pixels at another size, with the same sum: (side, side) float32."""
    if len(weights) == side:
        return weights.astype(np.float32)
    import cv2

    larger = cv2.resize(weights.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(larger * (len(weights) / side) ** 2)


def worst(parts: Dataset, scores: Scores) -> list[int]:
    """Training photographs with the highest probability on a wrong breed first."""
    return wrong_and_certain(np.asarray(scores.values), dataset.targets(parts))


def shown(config: dict[str, Any]) -> dict[str, str]:
    """Labels with the names of the breeds, where these are known."""
    names = breed_names(config.get("data", {}).get("root", ""))
    return {str(label): f"{name} ({label})" for label, name in names.items()}


EXPLAINER = Explainer(explain, worst, lambda scores: unsure(np.asarray(scores.values)), shown)
