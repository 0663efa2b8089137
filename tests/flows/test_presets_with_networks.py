"""Presets for graphics cards, end to end on small data: their own settings, but tiny networks and one epoch.

The BERT is a folder in Hugging Face's layout, so that all code runs which reads a real one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.extraction import extraction
from flows.nl2sql import nl2sql
from tasks.core.competition import find
from tasks.core.dataset import PartFolders
from tasks.core.settings.resolve import resolve
from tests.flows.podium_runs import draw
from tests.flows.sequential import walk
from tests.nl2sql.jobs import step_by_step
from tests.text.tiny_bert import in_hugging_faces_layout, tiny

FLOWS = {"extraction": extraction, "nl2sql": nl2sql}
BERT = "recipe.encoder.bert.preset={bert}"
FEW = "recipe.floor=0.9"
"""Networks that have learned nothing find something everywhere."""
PRESETS = {
    ("extraction", "bert-casrel"): [BERT],
    ("extraction", "bert-gplinker"): [BERT, FEW],
    ("extraction", "dgcnn-full"): [
        FEW,
        "recipe.encoder.dgcnn.width=8",
        "recipe.encoder.dgcnn.dilations=[1]",
        "recipe.augmentation.views=1",
        "recipe.training.stages.1.epochs=1",
    ],
    ("nl2sql", "baseline"): [BERT],
    ("nl2sql", "bert-sketch"): [BERT, "recipe.encoder.longest=48", "recipe.decoding.beam=2"],
    ("nl2sql", "bert-two-stage"): [BERT, "recipe.encoder.longest=48", "recipe.decoding.beam=2"],
}
"""What is set besides the preset, which else runs as it is."""


@pytest.fixture(autouse=True, scope="module")
def _without_graphs() -> Iterator[None]:
    from tasks.learning.training.keras_setup import configure

    configure(0)
    with step_by_step():
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("data")
    return {name: draw(folder / name, name) for name in FLOWS}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Path]) -> Path:
    texts = "".join(file.read_text("utf-8") for folder in data.values() for file in folder.rglob("*.json"))
    tokens = ("[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(texts) - set(" \n")))
    folder = tmp_path_factory.mktemp("weights") / "bert"
    return in_hugging_faces_layout(folder, tiny(tokens, positions=512), tokens)


SLOW = (("extraction", "dgcnn-full"), ("nl2sql", "bert-two-stage"), ("nl2sql", "bert-sketch"))
"""The first takes half a minute to build its networks; `baseline` covers most of the others."""


@pytest.mark.parametrize(
    ("competition", "preset"),
    [pytest.param(*names, marks=[pytest.mark.slow] * (names in SLOW)) for names in PRESETS],
)
def test_a_preset_for_cards_runs_from_its_files_to_a_submission(
    competition: str, preset: str, data: dict[str, Path], bert: Path, tmp_path: Path
) -> None:
    changes = [text.format(bert=bert) for text in PRESETS[competition, preset]]
    small = ["folds.count=2", "recipe.training.stages.0.epochs=1", f"data.root={data[competition]}"]
    config: Any = resolve(competition, preset=preset, overrides=[*small, *changes])
    done = walk(FLOWS[competition], tmp_path, config)
    parts = PartFolders.of(*done.artifacts("test-*/"), *done.artifacts("common-*/"))
    rules, file = find(competition), Path(done.result["submission"])
    assert rules.check(file, rules.ids(parts, "test"), parts) > 0
    assert f"train {preset} fold 1" in done.runner.ran()
