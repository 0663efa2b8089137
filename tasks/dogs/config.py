"""Settings of the dogs competition: schema, defaults, bounds."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field, model_validator

from tasks.core.config import (
    MOST_RECIPES,
    BaseRecipe,
    Blend,
    ContentsPath,
    Folds,
    NotInKey,
    Pseudo,
    RawData,
    Run,
    Settings,
    check_names,
)
from tasks.core.config import Stage as AnyStage

LIST = "data_train_image.txt"
"""Name of the label list."""


class Data(RawData):
    """The raw files, and how photographs are decoded."""

    root: ContentsPath = "data/dogs"
    """Folder with `data_train_image.txt`, `train/` and `test/`."""
    size_pixels: int = Field(256, ge=32, le=1024)
    """Side of the square that every photograph is decoded to, once."""
    fit: Literal["crop", "squash"] = "crop"
    """Make a photograph square by its central crop, or by resizing both sides."""
    duplicate_distance: int = Field(8, ge=0, le=16)
    """Photographs whose 64-bit perceptual hashes differ in at most this many bits share a fold."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """The part's folder and, of the training part, the label list."""
        return (LIST, "train") if part == "train" else (part,)

    def options_of(self, part: str) -> dict[str, Any]:
        """How photographs are decoded and, of the training part, grouped."""
        unused = set() if part == "train" else {"duplicate_distance"}
        return self.model_dump(mode="json", exclude={"root"} | unused)


class Backbone(Settings):
    """One pretrained network."""

    name: str = "MobileNetV2"
    """A class of `keras.applications`; `keras_hub:<preset>`, a preset of keras-hub that is downloaded;
    `keras_hub`, a preset in the folder `weights`; or `small`, which starts from scratch."""
    weights: ContentsPath = "imagenet"
    """`imagenet` (the published weights), `none`, or the path of a Keras weights file, of `keras_hub` of the
    preset's folder."""
    size_pixels: int = Field(224, ge=32, le=1024)
    """Side of the square photographs the network sees."""
    until: str = ""
    """Last layer used; empty: all up to the pooled features. Truncated weight files need it."""
    logits: bool = False
    """Append the scores of the network's own ImageNet classes to its pooled features; a preset of keras-hub
    must have a classifier of these 1,000 classes."""

    @model_validator(mode="after")
    def _of_this_kind(self) -> "Backbone":
        kind, named, preset = self.name.partition(":")
        if self.until and self.logits:
            raise ValueError(f"until: expected none with logits, which follow the last layer: {self.until!r}")
        if kind == "keras_hub" and not named and self.weights in ("", "imagenet", "none"):
            raise ValueError(
                "weights: expected the folder of a preset with name = 'keras_hub'; one that is downloaded is "
                f"named in name = 'keras_hub:<preset>'; received {self.weights!r}"
            )
        if kind == "keras_hub" and named and "://" not in preset and not re.fullmatch(r"[\w.-]*\w", preset):
            raise ValueError(
                "name: expected the name of a preset after 'keras_hub:'; a folder is given by "
                f"name = 'keras_hub' and weights = '<folder>'; received {self.name!r}"
            )
        if kind == "small" and (self.until or self.logits or self.weights not in ("imagenet", "none")):
            raise ValueError("expected no file of weights, no until and no logits with name = 'small'")
        return self


class Trunk(Settings):
    """The part of the backbones that stays frozen, computed once for each view and cached."""

    computes_with_network: ClassVar[bool] = True

    backbones: tuple[Backbone, ...] = Field((Backbone(),), min_length=1)
    """Networks whose pooled features are joined; to fine-tune, exactly one."""
    cut: str = "pool"
    """Last frozen layer; `pool`: all layers, so that only a head is trained; empty: none.
    Networks of keras-hub are cut between the layers of their backbone, never inside one of them."""


class Augmentation(Settings):
    """Steps that make training views of a photograph; zero or false switches a step off."""

    rotation_degrees: float = Field(0.0, ge=0, le=180)
    """Rotate by a uniform angle of at most this size."""
    zoom: float = Field(0.0, ge=0, lt=1)
    """Zoom by a factor within 1 ± this; when smaller than one, the photograph is pasted onto another one."""
    crop_scale: float = Field(1.0, gt=0, le=1)
    """Smallest share of the area kept by a random resized crop; 1 switches it off."""
    flip: bool = True
    """Mirror half of the views."""
    quadrant_mask: float = Field(0.0, ge=0, le=1)
    """Probability that one quarter of the photograph is set to zero."""
    combine: float = Field(0.0, ge=0, lt=1)
    """Share of views that join two photographs of one class along a cut or a diagonal."""
    color: float = Field(0.0, ge=0, le=1)
    """Strength of changes in brightness, contrast, saturation and hue."""
    cutout: float = Field(0.0, ge=0, le=1)
    """Probability of grey rectangles over the photograph."""


class Mixing(Settings):
    """Blending of two records within a batch; off in stages that are `plain`."""

    probability: float = Field(0.0, ge=0, le=1)
    """Share of batches that are mixed."""
    mixup_alpha: float = Field(0.2, ge=0, le=1000)
    """Beta parameter of mixup; 0 switches it off."""
    cutmix_alpha: float = Field(1.0, ge=0, le=1000)
    """Beta parameter of CutMix; 0 switches it off. Needs images or feature maps, not pooled features."""


class Head(Settings):
    """The layers from features to breeds."""

    kind: Literal["linear", "glu"] = "linear"
    """`linear`: dropout and a softmax layer; `glu`: gated unit, class centres and an auxiliary softmax."""
    width: int = Field(64, ge=1, le=16384)
    """Units of the gated layer."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of features dropped in training."""
    start: Literal["random", "discriminant", "matched"] = "random"
    """Initial weights of a linear head: random; the discriminant of the features; or `matched`, where
    each breed has the ImageNet class most probable on its photographs (needs `logits`)."""
    shrinkage: float = Field(0.3, ge=0, le=1)
    """Weight of the identity in the discriminant's covariance."""
    temperature: float = Field(1.0, gt=0, le=100)
    """Divides the initial logits of a discriminant or matched head; larger is less certain."""
    center_weight: float = Field(0.25, ge=0, le=1000)
    """Weight of the squared distance to the class centre (`glu`)."""
    auxiliary_weight: float = Field(0.25, ge=0, le=1000)
    """Weight of the auxiliary head's loss (`glu`)."""


class Stage(AnyStage):
    """A stage that may leave records with labels of a first round out."""

    labelled_only: bool = False
    """In a second round, train on the labelled records alone, in as many steps."""


class Training(Settings):
    """How a model is fitted."""

    stages: tuple[Stage, ...] = (Stage(),)
    """Run one after another on the same model; none keeps a head at its initial weights."""
    transfer: tuple[Stage, ...] = ()
    """Stages of a second round (`pseudo.share`), which then goes on from the weights of the fold's model of
    the first; empty: it trains anew, in the stages of the first."""
    batch_size: int = Field(32, ge=1, le=65536)
    """Records a step."""
    fit_memory: bool = False
    """Compute batches that do not fit into memory in parts (halves, quarters …). The mean gradient of the
    parts makes one update, so that the size of a batch keeps its meaning."""
    batches: Literal["shuffled", "pairs"] = "shuffled"
    """`pairs`: each batch takes distinct classes and two records of each."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Share of each target spread evenly over all classes."""
    ema: float = Field(0.0, ge=0, lt=1)
    """Momentum of the exponential moving average of the weights; 0 switches it off."""
    mixing: Mixing = Mixing()


class TestTime(Settings):
    """Views averaged when predicting."""

    views: tuple[Literal["identity", "flip", "zoom", "zoom_flip"], ...] = ("identity",)
    """Each is predicted, and the probabilities are averaged."""


class Recipe(BaseRecipe):
    """What makes one model."""

    together: ClassVar[bool] = False
    """Whether the models of all folds predict other parts in one step."""
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), NotInKey()] = "frozen"
    """Name in logs, reports and members."""
    trunk: Trunk = Trunk()
    views: int = Field(1, ge=0, le=64)
    """Augmented views of each photograph computed through a frozen trunk; trainings draw from them.
    0: train on the test-time views, which are computed anyway."""
    augmentation: Augmentation = Augmentation()
    head: Head = Head()
    training: Training = Training()
    test_time: TestTime = TestTime()

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        pooled, mixing = self.trunk.cut == "pool", self.training.mixing
        if not pooled and len(self.trunk.backbones) > 1:
            raise ValueError("trunk.backbones: several networks can only be joined with trunk.cut = 'pool'")
        if pooled and mixing.probability and mixing.cutmix_alpha:
            needed = "CutMix needs feature maps; pooled features take mixup only"
            raise ValueError(f"training.mixing.cutmix_alpha: {needed}")
        if not self.training.stages and self.head.start == "random":
            raise ValueError("training.stages: expected at least one, since nothing else trains the head")
        if not self.training.stages and self.seeds > 1:
            raise ValueError("seeds: expected 1 without stages, since no seed decides anything then")
        if not self.trunk.cut and not self.views:
            reason = "since each epoch makes new views"
            raise ValueError(f"views: expected at least 1 where nothing is frozen, {reason}")
        if self.head.start != "random" and (self.head.kind != "linear" or not self.trunk.cut):
            raise ValueError(f"head.start: {self.head.start!r} is for linear heads on a frozen trunk")
        if self.head.start == "matched" and not self.trunk.backbones[-1].logits:
            raise ValueError("head.start: 'matched' needs logits = true in the last backbone")
        return self

    def encodings(self) -> dict[str, dict[str, BaseModel]]:
        """The settings that decide each test-time view of a frozen trunk; empty where nothing is frozen."""
        return {view: {"trunk": self.trunk} for view in self.test_time.views} if self.trunk.cut else {}

    def for_second_round(self) -> "Recipe":
        """The recipe by which a second round trains."""
        training = self.training
        if not training.transfer:
            return self
        changed = training.model_copy(update={"stages": training.transfer, "transfer": ()})
        return self.model_copy(update={"training": changed})

    def for_training(self) -> "Recipe":
        """The recipe without settings that its training does not use: they are not in its key."""
        training = self.training.model_copy(update={"transfer": ()})
        unused: dict[str, Any] = {"seeds": 1, "test_time": TestTime(), "training": training}
        if self.trunk.cut:
            unused["augmentation"] = Augmentation()
        return self.model_copy(update={**unused, "views": min(self.views, 1)})

    def for_prediction(self) -> "Recipe":
        """The recipe without settings that only trainings use."""
        unused = {"seeds": 1, "augmentation": Augmentation(), "training": Training(), "views": 1}
        return self.model_copy(update=unused)


class Config(Settings):
    """Everything that decides a run of the dogs competition."""

    data: Data = Data()
    folds: Folds = Folds()
    seed: int = Field(0, ge=0, lt=2**63)
    """Seed from which every step derives its own."""
    recipes: tuple[Recipe, ...] = Field((Recipe(),), min_length=1, max_length=MOST_RECIPES)
    """Each becomes one member of the ensemble."""
    pseudo: Pseudo = Pseudo()
    blend: Blend = Blend()
    run: Run = Run()

    @model_validator(mode="after")
    def _names_differ(self) -> "Config":
        check_names([recipe.name for recipe in self.recipes])
        return self
