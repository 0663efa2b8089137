"""Settings of encoders of texts and of their pretraining."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tasks.core.config import ContentsPath, PublishedPath, Settings, Stage


class Dgcnn(Settings):
    """Gated dilated convolutions over characters (Su, LIC2019)."""

    width: int = Field(128, ge=8, le=1024)
    """Channels of characters and convolutions."""
    dilations: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (1, 2, 5, 1, 2, 5, 1, 2, 5, 1, 1, 1), min_length=1
    )
    """Dilation of each convolution."""
    dropout: float = Field(0.25, ge=0, lt=1)
    """Share of embedding channels dropped in training."""
    gate_dropout: float = Field(0.1, ge=0, lt=1)
    """Share of gate logits dropped in training."""
    minimum_count: int = Field(2, ge=1, le=1_000_000)
    """Rarer characters of the training texts share one embedding."""
    vectors: ContentsPath = ""
    """Path of pretrained character vectors (`.npz` with `vectors` and `characters`); empty: none."""
    words: bool = False
    """Add to each character an embedding of the word it stands in: of the postag, else by jieba."""
    word_vectors: ContentsPath = ""
    """Path of pretrained vectors of the words that characters stand in (`.npz` with `vectors` and `words`),
    which `python -m tasks.text.word_vectors` makes of a file of word2vec; empty: none."""
    word_minimum_count: int = Field(3, ge=1, le=1_000_000)
    """Rarer words of the training texts share one embedding."""


class Bert(Settings):
    """A transformer of keras-hub; one token a character, so that spans need no mapping."""

    preset: PublishedPath = ""
    """A preset of keras-hub (`bert_base_zh`, `hf://<owner>/<name>`), which is downloaded, or a folder in its
    layout or Hugging Face's; empty: a fresh network."""
    layers: int = Field(4, ge=1, le=48)
    """Layers of a fresh transformer."""
    first_layers: int = Field(0, ge=0, le=48)
    """Layers that are kept of a pretrained transformer, from the first on, which saves time; 0: all."""
    width: int = Field(128, ge=8, le=4096)
    """Channels of a fresh transformer."""
    heads: int = Field(4, ge=1, le=64)
    """Attention heads of a fresh transformer."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of channels dropped in training."""
    minimum_count: int = Field(2, ge=1, le=1_000_000)
    """Rarer characters share one embedding; for a fresh transformer."""

    @model_validator(mode="after")
    def _only_a_pretrained_network_is_cut(self) -> "Bert":
        if self.first_layers and not self.preset:
            raise ValueError("first_layers: expected 0 without a preset; layers of a fresh one are 'layers'")
        return self

    @model_validator(mode="after")
    def _heads_divide_width(self) -> "Bert":
        if self.width % self.heads:
            raise ValueError(f"heads: expected a divisor of width {self.width}, received {self.heads}")
        return self


class Encoder(Settings):
    """The network from a sentence to a vector for each character."""

    kind: Literal["dgcnn", "bert"] = "dgcnn"
    """Gated dilated convolutions, or a transformer, which may be pretrained."""
    longest: int = Field(512, ge=16, le=4096)
    """Characters read of a sentence; what follows is cut off."""
    dgcnn: Dgcnn = Dgcnn()
    bert: Bert = Bert()

    @property
    def reads_words(self) -> bool:
        """Whether sentences must be segmented, for flows and validators."""
        return self.kind == "dgcnn" and (self.dgcnn.words or bool(self.dgcnn.word_vectors))


class Pretraining(Settings):
    """A masked language model that an encoder starts from."""

    stages: tuple[Stage, ...] = ()
    """Run one after another; none: no pretraining."""
    texts: Literal["train", "all"] = "all"
    """Texts read; `all` takes those of validation and test too, without labels, which is transductive."""
    masked: float = Field(0.15, gt=0, lt=1)
    """Share of characters to be predicted."""
    batch_characters: int = Field(2048, ge=64, le=10_000_000)
    """Characters a step, padding included."""
    fit_memory: bool = False
    """Compute batches that do not fit into memory in parts (halves, quarters …). The mean gradient of the
    parts makes one update, so that the size of a batch keeps its meaning."""


def check_stages(pretraining: Pretraining, training: tuple[Stage, ...]) -> None:
    """Raise ValueError if a stage has settings that trainings of texts do not use."""
    for stage in (*pretraining.stages, *training):
        if stage.trainable or stage.layer_decay != 1:
            reason = "for all layers learn alike here; learning_rate_factors give layers rates of their own"
            raise ValueError(f"stages: expected neither trainable nor layer_decay, {reason}")
