"""Step `blend`: members → one set of scores, by weights chosen on out-of-fold scores alone."""

import json

import numpy as np

from tasks.core.competition import find
from tasks.core.config import Blend
from tasks.core.step import step
from tasks.core.store import Artifact, Store
from tasks.learning.blending import average, greedy_weights


@step(uses=("metric",), libraries=("numpy",), label="blend {competition}")
def blend(competition: str, dataset: Artifact, members: dict[str, Artifact], blend: Blend) -> Artifact:
    """Write blended `out_of_fold.npy` and `test.npy`, `test_ids.json`, and `blend.json`."""
    score = find(competition).scorer(dataset.path)
    folders = [artifact.path for artifact in members.values()]
    out_of_fold = [np.load(folder / "out_of_fold.npy") for folder in folders]
    sign = 1 if score(out_of_fold[0]).higher_is_better else -1
    weights = greedy_weights(
        out_of_fold,
        lambda scores: sign * score(scores).value,
        rounds=blend.rounds,
        bags=blend.bags,
        seed=blend.seed,
    )
    tests = [np.load(folder / "test.npy") for folder in folders]
    ids = [(folder / "test_ids.json").read_text("utf-8") for folder in folders]
    if len(set(ids)) != 1:
        raise ValueError("expected the same test ids in the same order from every member")
    store = Store.current()
    with store.new_folder() as folder:
        blended = average(out_of_fold, weights).astype(np.float32)
        np.save(folder / "out_of_fold.npy", blended)
        np.save(folder / "test.npy", average(tests, weights).astype(np.float32))
        (folder / "test_ids.json").write_text(ids[0], "utf-8")
        summary = {
            "score": score(blended)._asdict(),
            "weights": dict(zip(members, weights.tolist(), strict=True)),
            "members": {name: score(each)._asdict() for name, each in zip(members, out_of_fold, strict=True)},
        }
        (folder / "blend.json").write_text(json.dumps(summary, indent=1), "utf-8")
        return store.keep("blend", folder)
