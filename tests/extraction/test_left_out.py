"""What predictions may know of training sentences: nothing of those that are left out."""

from pathlib import Path

import pytest

from tasks.extraction import dataset as files
from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.models.training_knowledge import read_known, read_words, write_words
from tests.extraction.jobs import FOLDS, INDEX, dataset, job, recipe


@pytest.fixture(autouse=True, scope="module")
def _ready() -> None:
    """Importing trainings takes Keras."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def model(folder: Path, *, fold: int | None, beside: int | None = None) -> Path:
    """What a training without these folds writes beside its weights."""
    from tasks.extraction.training import TrainingSentences

    made, output = recipe("pointer", distant=True), folder / f"model {fold} {beside}"
    output.mkdir()
    TrainingSentences(job(made, folder, fold=fold, beside=beside), made).write_knowledge(output)
    return output


def stated(folder: Path, left_out: set[int | None]) -> list[tuple[str, tuple[tuple[str, str, str], ...]]]:
    """Ids and triples of the sentences outside these folds that state any."""
    return [
        (record.id, record.triples)
        for row, record in enumerate(files.records(folder / "data", "train"))
        if row % FOLDS not in left_out and record.triples
    ]


@pytest.mark.parametrize(("fold", "beside"), [(None, None), (1, None), (1, 0), (0, 1)])
def test_names_are_known_from_sentences_of_other_folds_alone(
    tmp_path: Path, fold: int | None, beside: int | None
) -> None:
    dataset(tmp_path / "data")
    known = read_known([model(tmp_path, fold=fold, beside=beside)])
    assert [(record.id, record.triples) for record in known] == stated(tmp_path, {fold, beside})
    found = KnownTriples.of(known, INDEX)
    records = files.records(tmp_path / "data", "train")
    years = [record for record in records if ("成立日期" in {triple[1] for triple in record.triples})]
    assert [any(label[0] == INDEX["成立日期"] for label in found.labels(each.text)) for each in years] == [
        int(each.id.partition(":")[2]) % FOLDS not in (fold, beside) for each in years
    ]


def test_models_together_know_what_any_of_them_knows_in_the_order_of_the_dataset(tmp_path: Path) -> None:
    dataset(tmp_path / "data")
    models = [model(tmp_path, fold=fold) for fold in reversed(range(FOLDS))]
    known = [(record.id, record.triples) for record in read_known(models)]
    assert known == stated(tmp_path, set())


def test_models_of_different_training_sentences_do_not_predict_together(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for number, folder in enumerate((first, second)):
        folder.mkdir()
        write_words(folder, [("的", 3 + number), ("once", 1)], minimum=2)
    assert read_words([first, first]) == [("的", 3)]
    with pytest.raises(ValueError, match="the same words beside all 2 models"):
        read_words([first, second])
