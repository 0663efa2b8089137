"""What predictions may know of training sentences: nothing of those that are left out."""

import numpy as np
import pytest

from tasks.core.jobs import PredictJob
from tasks.extraction import predict
from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.records import Record

RECORDS = [
    Record(f"train:{row}", f"甲{row}与乙{row}", None, ((f"甲{row}", "作者", f"乙{row}"),)) for row in range(6)
]


@pytest.mark.parametrize(
    ("fold", "beside", "known"),
    [(None, None, [0, 1, 2, 3, 4, 5]), (1, None, [0, 2, 3, 5]), (1, 0, [2, 5]), (0, 1, [2, 5])],
)
def test_names_are_known_from_sentences_of_other_folds_alone(tmp_path, monkeypatch, fold, beside, known):
    np.save(tmp_path / "folds.npy", np.arange(6) % 3)
    monkeypatch.setattr(predict.dataset, "records", lambda folder, part: RECORDS)
    places = dict.fromkeys(("dataset", "folds", "output", "partial"), tmp_path)
    job = PredictJob(competition="extraction", settings={}, seed=0, fold=fold, beside=beside, **places)
    found = KnownTriples.of(predict._known_records(job), {"作者": 0})
    assert list(found.sentences) == [f"train:{row}" for row in known]
    assert [bool(found.labels(record.text)) for record in RECORDS] == [row in known for row in range(6)]
