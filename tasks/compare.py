"""Step `compare`: all parts → how test records differ from training records, and which of them recur."""

import logging
from typing import Any

from tasks.core.cache.store import Artifact, Store, part_folders, write_json
from tasks.core.competition import Competition, find
from tasks.core.dataset import Dataset, notes_file
from tasks.core.step import step
from tasks.learning.comparison import AdversarialResult, adversarial

MOST_UNLIKE = 12
"""Test records that the report shows."""
SEED = 0

log = logging.getLogger("podium")


@step(uses=("comparison", "overlap"), label="compare {competition}")
def compare(competition: str, dataset: list[Artifact]) -> Artifact:
    """Write `comparison.json` and `overlap.notes.json` (`tasks.core.dataset.notes`).

    The former has `auc` of telling test from training records and `standard_error`, both None if there are
    too few records; the number of records by part that were `compared`; and `most_unlike`: `row`, `id` and
    `probability` of the test records that look least like training records.

    Args:
        dataset: all parts.
    """
    contract, folders = find(competition), part_folders(dataset)
    compared = _comparison(contract, folders)
    if compared["auc"] is not None:
        text = f"{compared['auc']:.3f} ± {compared['standard_error']:.3f}"
        log.info("test records are told from training records with an AUC of %s", text)
    with (store := Store.current()).new_folder() as folder:
        write_json(folder / notes_file("overlap"), {"counts": {}, "notes": contract.overlap(folders)})
        write_json(folder / "comparison.json", compared)
        return store.keep("comparison", folder)


def _comparison(contract: Competition, dataset: Dataset) -> dict[str, Any]:
    train, test = (contract.features(dataset, part) for part in ("train", "test"))
    result = adversarial(train, test, seed=SEED)
    if result is None:
        compared = {"train": train.shape[0], "test": test.shape[0]}
        return {"auc": None, "standard_error": None, "compared": compared, "most_unlike": []}
    return {
        # six digits, so that another order of summing does not change the artifact
        "auc": round(result.auc, 6),
        "standard_error": round(result.standard_error, 6),
        "compared": dict(zip(("train", "test"), result.compared, strict=True)),
        "most_unlike": _most_unlike(result, contract.ids(dataset, "test")),
    }


def _most_unlike(result: AdversarialResult, ids: list[str]) -> list[dict[str, Any]]:
    return [
        {"row": row, "id": ids[row], "probability": round(float(result.probabilities[row]), 6)}
        for row in result.most_unlike(MOST_UNLIKE).tolist()
    ]
