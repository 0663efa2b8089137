import numpy as np
import pytest

from tasks.extraction import dataset as files
from tasks.extraction.dataset import VIEW_FILE, read_views
from tasks.extraction.labelling.mentions import locate
from tasks.extraction.views import augment
from tests.extraction.jobs import BOOKS, FOLDS, WRITERS, dataset, job

SWAP = {"swap": "both", "crop": 0.0}


def view(tmp_path, number: int = 0, *, settings=SWAP, **fields):
    """The sentences of a view, as the step's child writes them, and those they were made of."""
    made = job({"augmentation": settings}, tmp_path, view=number, output=tmp_path / f"view{number}", **fields)
    augment(made)
    return read_views(made.output), files.records(made.dataset, "train")


def entities(records) -> set[str]:
    return {
        entity for each in records for subject, _, object_ in each.triples for entity in (subject, object_)
    }


def test_a_view_has_every_sentence_in_its_place_with_names_that_it_holds(tmp_path):
    found, given = view(tmp_path)
    assert [each.id for each in found] == [each.id for each in given]
    for each in found:
        assert all(locate(each.text, name) is not None for triple in each.triples for name in triple[::2])
        assert "".join(each.words) == each.text
    assert any(one.text != other.text for one, other in zip(found, given, strict=True))


def test_names_that_enter_a_sentence_come_from_its_own_fold(tmp_path):
    data = dataset(tmp_path / "data", train=36)
    folds = np.load(data / "folds.npy")
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()
    for name in {*BOOKS, *WRITERS}:  # no name is in two folds
        lines = [line.replace(name, f"{name}{folds[row]}") for row, line in enumerate(lines)]
    (data / "train.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    for number in range(3):
        found, given = view(tmp_path, number)
        assert any(one.text != other.text for one, other in zip(found, given, strict=True))
        for fold in range(FOLDS):
            rows = np.flatnonzero(folds == fold)
            assert entities(found[row] for row in rows) <= entities(given[row] for row in rows)


def test_a_view_is_a_function_of_seed_and_number(tmp_path):
    first = view(tmp_path)[0]
    assert view(tmp_path)[0] == first
    assert view(tmp_path, 1)[0] != first
    assert view(tmp_path, seed=2)[0] != first


def test_a_sentence_does_not_change_with_the_others_of_other_folds(tmp_path):
    found, _ = view(tmp_path)
    data = tmp_path / "data"
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()
    lines[2] = lines[2].replace("远帆公司", "归云公司")
    (data / "train.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    folds = np.load(data / "folds.npy")
    again, _ = view(tmp_path)
    assert [again[row] for row in np.flatnonzero(folds != folds[2])] == [
        found[row] for row in np.flatnonzero(folds != folds[2])
    ]


def test_nothing_to_be_done_leaves_the_sentences_alone(tmp_path):
    found, given = view(tmp_path, settings={"swap": "none", "crop": 0.0})
    assert [(each.text, each.triples) for each in found] == [(each.text, each.triples) for each in given]


@pytest.mark.parametrize(("role", "changed"), [("subject", 0), ("object", 2)])
def test_one_name_alone_can_be_exchanged(tmp_path, role, changed):
    dataset(tmp_path / "data", train=24)
    found, given = view(tmp_path, settings={"swap": role, "crop": 0.0})
    alone = [(one, other) for one, other in zip(found, given, strict=True) if len(other.triples) == 1]
    same = 2 - changed
    assert all(one.triples[0][same] == other.triples[0][same] for one, other in alone)
    assert any(one.triples[0][changed] != other.triples[0][changed] for one, other in alone)


def test_a_view_may_keep_the_clauses_of_one_triple(tmp_path):
    found, given = view(tmp_path, settings={"swap": "none", "crop": 1.0})
    assert all(one.text in other.text for one, other in zip(found, given, strict=True))
    assert any(len(one.text) < len(other.text) for one, other in zip(found, given, strict=True))
    assert all(set(one.triples) <= set(other.triples) for one, other in zip(found, given, strict=True))


def test_lines_end_at_line_feeds_only(tmp_path):
    data = dataset(tmp_path / "data")
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()
    lines[0] = lines[0].replace("写的", "写\u2028的")
    (data / "train.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    found, _ = view(tmp_path)
    assert "\u2028" in found[0].text
    assert (tmp_path / "view0" / VIEW_FILE).read_bytes().count(b"\n") == len(found)
