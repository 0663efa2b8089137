"""Step `gather`: the folds' scores → one member, every training record scored exactly once."""

import json
from pathlib import Path

import numpy as np

from tasks.core.competition import Scores, find
from tasks.core.step import step
from tasks.core.store import Artifact, Store
from tasks.learning.blending import best_share, blend_heads


@step(uses=("metric",), libraries=("numpy",), label="gather {name}", ignore=("name",))
def gather(
    competition: str, name: str, dataset: Artifact, folds: Artifact, scores: list[Artifact]
) -> Artifact:
    """Join held-out scores by id, average test scores over folds, blend a model's heads.

    Writes `out_of_fold.npy` (n, k) and `test.npy` (m, k) float32, `test_ids.json`, and `member.json`
    with the score, its standard error, and the share of the first head.

    Raises:
        ValueError: a record was predicted twice, never, or in the wrong fold.
    """
    read = [_read(artifact.path, "held_out") for artifact in scores]
    ids: list[str] = json.loads((folds.path / "ids.json").read_text("utf-8"))
    assigned = np.load(folds.path / "folds.npy")
    out_of_fold = join(read, ids, assigned)
    tests = [_read(artifact.path, "test") for artifact in scores]
    test = np.asarray(np.mean([each.values for each in tests], axis=0, dtype=np.float64), np.float32)
    if any(each.ids != tests[0].ids for each in tests):
        raise ValueError("expected the same test ids in the same order from every fold")
    score = find(competition).scorer(dataset.path)
    share = best_share(out_of_fold, lambda values: score(values).value)
    store = Store.current()
    with store.new_folder() as folder:
        joined = blend_heads(out_of_fold, share)
        np.save(folder / "out_of_fold.npy", joined)
        np.save(folder / "test.npy", blend_heads(test, share))
        _write_json(folder / "test_ids.json", tests[0].ids)
        _write_json(folder / "member.json", {"score": score(joined)._asdict(), "first_head": share})
        return store.keep("member", folder)


def join(parts: list[Scores], ids: list[str], assigned: np.ndarray) -> np.ndarray:
    """Held-out scores in the order of `ids`; `parts[fold]` must hold exactly that fold's records."""
    place = {id: index for index, id in enumerate(ids)}
    joined = np.full((len(ids), *parts[0].values.shape[1:]), np.nan, np.float32)
    for fold, part in enumerate(parts):
        rows = [place[id] for id in part.ids]
        wrong = [id for id, row in zip(part.ids, rows, strict=True) if assigned[row] != fold]
        if wrong or len(set(rows)) != len(rows) or len(rows) != (assigned == fold).sum():
            raise ValueError(
                f"fold {fold}: expected each of its {(assigned == fold).sum()} records once, "
                f"received {len(rows)} with {len(wrong)} of other folds {wrong[:3]}"
            )
        joined[rows] = part.values
    if np.isnan(joined).any():
        raise ValueError(f"expected a number for each record, {np.isnan(joined).sum()} are missing")
    return joined


def _read(folder: Path, name: str) -> Scores:
    ids = json.loads((folder / f"{name}_ids.json").read_text("utf-8"))
    return Scores(ids, np.load(folder / f"{name}.npy"))


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
