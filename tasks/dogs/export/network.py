"""The whole network of a recipe, from photographs to breeds: the frozen trunk and what was trained on it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.jobs import ExportJob
from tasks.dogs import dataset, model, trunk
from tasks.dogs.config import Recipe
from tasks.dogs.test_time_views import prediction_view
from tasks.learning.export.network import ExportedNetwork

RECORDS = 4
"""Photographs of the batch."""
MEANING = (
    "RGB photographs, channels in this order, 0 … 255: the network scales them itself; {size} pixels "
    "a side, made square as data.fit says (crop: the middle is cut out, squash: both sides are resized)"
)


class WholeNetwork(NamedTuple):
    """A recipe's network from photographs to breeds."""

    model: Any
    """Photographs by name → `breeds` (b, k) float32."""
    trained: Any
    """The part of it that a training writes."""
    names: dict[int, str]
    """Names of the inputs by the size of their photographs in pixels."""

    def load(self, folder: Path) -> None:
        """Give the network the weights of a model, in a folder of step `train`."""
        self.trained.load_weights(folder / "model.weights.h5")


def network(job: ExportJob) -> ExportedNetwork:
    """Photographs → probabilities of breeds, (b, k) float32, as `predict` gives them for one view.

    Networks that see photographs of several sizes have an input for each size.
    """
    recipe = Recipe.model_validate(job.settings)
    classes = dataset.classes(job.dataset)
    whole = whole_network(recipe, class_count=len(classes), first_head=job.first_head)
    photos = dataset.photos(job.dataset, "train")[:RECORDS]
    return ExportedNetwork(
        whole.model,
        whole.load,
        batch={name: _views(photos, size) for size, name in whole.names.items()},
        inputs={name: MEANING.format(size=size) for size, name in whole.names.items()},
        outputs={"breeds": "probabilities of the classes, which sum to 1"},
        layers="tasks.dogs.export.layers",
        classes=classes,
        notes=_notes(recipe),
    )


def whole_network(recipe: Recipe, *, class_count: int, first_head: float) -> WholeNetwork:
    """The whole network of a recipe; a trunk without pretrained weights is drawn by the global seed."""
    import keras
    from keras import ops

    backbones = recipe.trunk.backbones
    sizes = list(dict.fromkeys(backbone.size_pixels for backbone in backbones))
    names = {size: "photographs" if len(sizes) == 1 else f"photographs_{size}" for size in sizes}
    frozen = [trunk.frozen_part(recipe.trunk, each) for each in backbones] if recipe.trunk.cut else []
    for number, part in enumerate(frozen):
        part.name = f"trunk_{number}"  # two of one kind would have one name
    size = backbones[0].size_pixels
    shape: tuple[int, ...] = (size, size, 3)
    if frozen:
        shape = (*frozen[0].output.shape[1:-1], sum(part.output.shape[-1] for part in frozen))
    breeds = model.build_model(recipe, shape=shape, class_count=class_count)
    inputs = {side: keras.Input((side, side, 3), name=name) for side, name in names.items()}
    features = inputs[size]
    if frozen:
        parts = [part(inputs[each.size_pixels]) for part, each in zip(frozen, backbones, strict=True)]
        features = parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
    heads = breeds(features)
    probabilities = heads["main"]
    if "auxiliary" in heads:
        probabilities = first_head * heads["main"] + (1 - first_head) * heads["auxiliary"]
    by_name = {name: inputs[side] for side, name in names.items()}
    return WholeNetwork(keras.Model(by_name, {"breeds": probabilities}, name="whole"), breeds, names)


def _views(photos: np.ndarray, size: int) -> np.ndarray:
    views = [prediction_view(each, "identity", size_pixels=size) for each in photos]
    return np.stack(views).astype(np.float32)


def _notes(recipe: Recipe) -> tuple[str, ...]:
    views = ", ".join(recipe.test_time.views)
    averaged = f"Podium predicts with the mean over these views of a photograph: {views}."
    rounded = "It also rounds the frozen feature maps to float16, which this network does not."
    return (averaged, *([rounded] if recipe.trunk.cut not in ("", "pool") else []))
