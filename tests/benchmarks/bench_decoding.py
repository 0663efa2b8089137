"""Sentences a second in batches and one at a time; run by hand:

    python -m tests.benchmarks.bench_decoding                       # rates of the three methods
    python -m tests.benchmarks.bench_decoding --profile             # and what the batches spend their time on

A fresh network finds nothing or everything. So networks do all their work, but in place of their scores come
those of three triples of two subjects in each sentence; the competition's sentences state 2.1 on average. All
times are of the processor, on one thread as in predictions, so other work on the machine hardly counts.

`predict` for each sentence is what published codes do; it spends 50 to 150 ms on making a data set of one.
`predict_on_batch` is the least that a sentence alone can cost: batches save what a call costs beside the
network, and on a processor a network of 128 channels leaves them twice to three times its rate.
"""

import argparse
import cProfile
import json
import logging
import pstats
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tasks.core.dataset import PartFolders
from tasks.core.execution import child_messages, child_process
from tasks.core.jobs import PredictJob
from tasks.text import dataset_files

DECODED, ALONE = 1000, 100
"""Sentences decoded in batches, and one at a time."""
PREDICATES = 49
"""As many as the competition has; the demo states fewer."""
METHODS: dict[str, dict[str, Any]] = {
    "pointer": {"method": "pointer"},
    "gplinker": {"method": "gplinker"},
    "casrel": {"method": "casrel", "encoder": {"kind": "bert", "bert": {"width": 128, "layers": 4}}},
    "small": {"method": "gplinker", "encoder": {"dgcnn": {"width": 32, "dilations": [1, 2, 5]}}},
}
TRIPLES = ((0, (1, 2), (6, 8)), (7, (1, 2), (3, 3)), (12, (4, 5), (6, 8)))
"""Predicate, first and last token of subject and object; the shortest sentence has nine characters."""
FOUND, NOT = 2.0, -10.0
"""Logits of what is found and of what is not."""


class Planted:
    """A network's model, run as it is, with the scores of `TRIPLES` in the place of its own."""

    def __init__(self, model: Any, plant: Callable[..., Any], *, slow: bool = False) -> None:
        self._model, self._plant = model, plant
        self._run = self._predict if slow else model.predict_on_batch

    def _predict(self, inputs: dict[str, np.ndarray]) -> Any:
        """As published codes do it: the interface made for whole datasets, for each sentence."""
        return self._model.predict(inputs, batch_size=4096, verbose=0)

    def predict_on_batch(self, inputs: dict[str, np.ndarray]) -> Any:
        return self._plant(self._run(inputs), inputs)


def planted(network: Any, *, slow: bool = False) -> Any:
    """A network that finds `TRIPLES` in every sentence."""
    if network.objects is None:
        return network._replace(sentence=Planted(network.sentence, _links, slow=slow))
    sentence = Planted(network.sentence, _subjects, slow=slow)
    return network._replace(sentence=sentence, objects=Planted(network.objects, _objects, slow=slow))


def _links(output: dict[str, np.ndarray], inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    length = output["entity"].shape[-1]
    heads = (output["head"].shape[1] - length) // 2
    found = {name: np.full_like(value, NOT) for name, value in output.items()}
    for predicate, subject, object_ in TRIPLES:
        for kind, (first, last) in enumerate((subject, object_)):
            found["entity"][:, kind, first, last] = FOUND
        for name, own, other in zip(("head", "tail"), subject, object_, strict=True):
            found[name][:, own, other] = FOUND
            found[name][:, length + predicate, own] = 0
            found[name][:, length + heads + predicate, other] = 0
    return found


def _subjects(output: dict[str, np.ndarray], inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    tags = np.full_like(output["subject"], NOT)
    for _, subject, _ in TRIPLES:
        for end, token in enumerate(subject):
            tags[:, token, end] = np.log(0.8)
    return output | {"subject": tags}


def _objects(output: np.ndarray, inputs: dict[str, np.ndarray]) -> np.ndarray:
    found = np.full_like(output, NOT)
    for predicate, subject, object_ in TRIPLES:
        rows = (inputs["span"] == subject).all(axis=1)
        for end, token in enumerate(object_):
            found[rows, token, end * (output.shape[-1] // 2) + predicate] = np.log(0.8)
    return found


def prepare(folder: Path, sentences: int) -> None:
    """A dataset with so many sentences to predict, written one by one."""
    from tasks.extraction import data, demo
    from tasks.extraction.config import Data

    demo.write(folder / "raw", sentences=400, extra=0, validation=1, test=1)
    (folder / "dataset").mkdir()
    for part in dataset_files.PARTS:
        data.load(Data(root=str(folder / "raw")), part, folder / "dataset")
    schema = [
        {"subject_type": "", "predicate": str(number), "object_type": ""} for number in range(PREDICATES)
    ]
    (folder / "dataset" / "schema.json").write_text(json.dumps(schema))
    with (folder / "dataset" / "test.jsonl").open("w", encoding="utf-8") as lines:
        for number, line in enumerate(demo.sentences(sentences)):
            words = [token["word"] for token in line["postag"]]
            value = {"id": f"test:{number}", "text": line["text"], "words": words}
            lines.write(json.dumps(value, ensure_ascii=False) + "\n")


def job(folder: Path, method: str) -> dict[str, Any]:
    """The job of predicting the test part."""
    (folder / "output").mkdir(exist_ok=True)
    made = PredictJob(
        competition="extraction",
        settings=METHODS[method] | {"name": method},
        dataset=PartFolders.of(folder / "dataset"),
        folds=folder,
        seed=0,
        models=(folder,),
        part="test",
        output=folder / "output",
        partial=folder / "partial",
    )
    return made.model_dump(mode="json")


def rates(told: dict[str, Any]) -> None:
    """Child: sentences a second of one method, one at a time in two ways and in batches."""
    from tasks.extraction import dataset
    from tasks.extraction.config import Recipe
    from tasks.extraction.models.features import TokenizedSentence, tokenized
    from tasks.extraction.models.inference import candidates
    from tasks.learning.training.keras_setup import configure
    from tasks.text.tokenization import Tokenizer

    configure(0)
    folder, recipe = (
        PartFolders.model_validate(told["job"]["dataset"]),
        Recipe.model_validate(told["job"]["settings"]),
    )
    tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, folder))
    predicates = dataset.predicates(folder)
    method = import_module(f"tasks.extraction.{recipe.method}.inference")
    fresh = method.build(recipe, tokenizer, predicates=len(predicates), seed=0)
    indices = {predicate: index for index, predicate in enumerate(predicates)}
    sentences = tokenized(dataset.records(folder, "test"), tokenizer, {})

    def decode(chosen: Sequence[TokenizedSentence], *, slow: bool = False) -> int:
        decoder = method.decoder([planted(fresh, slow=slow)], recipe, indices, list)
        return len(candidates(decoder, tokenizer, chosen, predicates).scores)

    def alone(*, slow: bool) -> Callable[[Sequence[TokenizedSentence]], int]:
        return lambda chosen: sum(decode([each], slow=slow) for each in chosen)

    ways = {
        "one at a time, predict": (alone(slow=True), sentences[:ALONE]),
        "one at a time, predict_on_batch": (alone(slow=False), sentences[:ALONE]),
        "batches": (decode, sentences),
    }
    found: dict[str, float] = {}
    for way, (act, chosen) in ways.items():
        act(chosen[:: len(chosen) // 20])  # traces graphs for all lengths
        began = time.process_time()
        count = act(chosen)
        found[way] = len(chosen) / (time.process_time() - began)
        assert len(TRIPLES) * len(chosen) >= count > 0.95 * len(TRIPLES) * len(chosen)
    for way, rate in found.items():
        shown = f"{rate:8.1f} sentences/s, batches {found['batches'] / rate:5.1f} times as many"
        child_messages.send(f"{told['job']['settings']['name']:9} {way:32} {shown}")
    if told["profile"]:
        profile(lambda: decode(sentences))


def profile(act: Callable[[], Any]) -> None:
    """Child: tell the functions that take most time."""
    with cProfile.Profile(time.process_time) as profiled:
        act()
    pstats.Stats(profiled).sort_stats("tottime").print_stats(18)


def main() -> None:
    """Entry; each measurement runs in a child process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=[*METHODS])
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder, DECODED)
        logging.basicConfig(level=logging.DEBUG if arguments.profile else logging.INFO, format="%(message)s")
        for method in arguments.methods:
            told = {"job": job(folder, method), "profile": arguments.profile}
            child_process.run(f"{__spec__.name}:rates", told, label=method)


if __name__ == "__main__":
    main()
