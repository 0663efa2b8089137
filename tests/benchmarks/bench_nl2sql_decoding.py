"""Questions a second in batches and one at a time; run by hand:

    python -m tests.benchmarks.bench_nl2sql_decoding            # rates
    python -m tests.benchmarks.bench_nl2sql_decoding --profile  # and what decoding spends its time on
    python -m tests.benchmarks.bench_nl2sql_decoding --root ../shared/data/nl2sql

An untrained network gives useless probabilities. So the network is run, but its probabilities are replaced
by those of one that knows the labels; the time for making these is not counted. All times are processor
times, on one thread as in predictions, so other work on the machine hardly counts.

`predict` for each question is what published codes do; it spends 50 to 150 ms on making a data set of one.
`predict_on_batch` is the least that a single question can cost: batches save the overhead of calls, but not
the matching of names and cells with each question and the search for queries.
"""

import argparse
import cProfile
import logging
import pstats
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.core.dataset import PartFolders
from tasks.core.execution import child_messages, child_process
from tasks.core.jobs import PredictJob
from tasks.nl2sql.query.schema import Query
from tasks.text import dataset_files

QUESTIONS, TABLES, ALONE = 1000, 100, 60
"""Questions decoded in batches, their tables, and questions decoded one at a time."""
RECIPE: dict[str, Any] = {"encoder": {"dgcnn": {"width": 32, "dilations": [1, 2, 5]}}, "name": "small"}


class LabelledSketches:
    """Replaces `inference.predict_sketches`: runs the networks, and returns sketches of the labels."""

    def __init__(self, run: Callable[..., Any], dataset: PartFolders) -> None:
        from tasks.nl2sql import dataset as files

        self._run, self._tables = run, files.tables(dataset, "validation")
        self._labels = {each.id: each.query for each in files.stream(dataset, "validation")}
        self.uncounted = 0.0
        """Seconds spent on making these sketches."""

    def __call__(self, networks: Any, examples: Sequence[Any], tokenizer: Any, **options: Any) -> list[Any]:
        from tests.nl2sql.sketches import sketch

        self._run(networks, examples, tokenizer, **options)
        began = time.process_time()
        asked = [each.question for each in examples]
        made = [sketch(each.text, _label(self._labels[each.id]), self._tables[each.table]) for each in asked]
        made = [
            each._replace(tags=each.tags[:n], begins=each.begins[:n], columns=each.columns[:n])
            for each, n in zip(made, (example.length for example in examples), strict=True)
        ]
        self.uncounted += time.process_time() - began
        return made

    def clock(self) -> float:
        return time.process_time() - self.uncounted


def _label(query: Query | None) -> Query:
    assert query is not None, "a labelled part has a query for each question"
    return query


class Slow:
    """A model run by the interface made for whole datasets, as published codes do it for each question."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict_on_batch(self, inputs: dict[str, Any]) -> Any:
        # from a generator, for inputs of unlike lengths cannot be cut into batches
        return self._model.predict((each for each in [(inputs,)]), steps=1, verbose=0)


def prepare(folder: Path, root: Path | None) -> None:
    """The dataset at a place, or an invented one."""
    from tasks.nl2sql import data, demo
    from tasks.nl2sql.config import Data

    if root is None:
        root = folder / "raw"
        # a third of the tables, half of them the training's, are the validation's
        demo.write(root, tables=3 * TABLES, questions=3 * TABLES, validation=QUESTIONS, test=TABLES)
    (folder / "dataset").mkdir()
    for part in dataset_files.PARTS:
        data.load(Data(root=str(root)), part, folder / "dataset")


def job(folder: Path) -> dict[str, Any]:
    """The job of predicting the validation part, by a model that has learned the wording of all questions."""
    from tasks.nl2sql import dataset
    from tasks.nl2sql.label_counts import counts
    from tasks.nl2sql.wording import fitting
    from tasks.nl2sql.wording import model as wording

    parts = PartFolders.of(folder / "dataset")
    counts.write(folder, counts.LabelCounts.zero())
    wording.write(folder, fitting.fit(dataset.questions(parts, "train"), dataset.tables(parts, "train")))
    (folder / "output").mkdir(exist_ok=True)
    made = PredictJob(
        competition="nl2sql",
        settings=RECIPE,
        dataset=parts,
        folds=folder,
        seed=0,
        models=(folder,),
        part="validation",
        output=folder / "output",
        partial=folder / "partial",
    )
    return made.model_dump(mode="json")


def rates(told: dict[str, Any]) -> None:
    """Child: questions a second, one at a time in two ways and in batches; and of decoding alone."""
    from tasks.learning.training.keras_setup import configure
    from tasks.nl2sql import dataset
    from tasks.nl2sql.config import Recipe
    from tasks.nl2sql.decoding.query_factors import QueryFactors
    from tasks.nl2sql.label_counts.counts import LabelCounts
    from tasks.nl2sql.query.execution import Executor
    from tasks.nl2sql.sketch import features, inference
    from tasks.nl2sql.sketch import network as networks
    from tasks.text.tokenization import Tokenizer

    configure(0)
    folder, recipe = (
        PartFolders.model_validate(told["job"]["dataset"]),
        Recipe.model_validate(told["job"]["settings"]),
    )
    tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, folder))
    tables, questions = dataset.tables(folder, "validation"), dataset.questions(folder, "validation")
    network, factors = networks.build(recipe, tokenizer, seed=0), QueryFactors.of(LabelCounts.zero())
    labelled = inference.predict_sketches = LabelledSketches(inference.predict_sketches, folder)

    def decode(chosen: Sequence[Any], network: Any = network) -> None:
        executor = Executor(dataset.database(folder, "validation"), tables)
        read = features.examples(chosen, tables, longest=tokenizer.longest)
        inference.decode([network], recipe, tokenizer, read, tables, executor, factors=factors)

    def alone(chosen: Sequence[Any], network: Any = network) -> None:
        for each in chosen:
            decode([each], network)

    slow = network._replace(model=Slow(network.model))
    spread = questions[:: max(1, len(questions) // ALONE)]
    ways: dict[str, tuple[Callable[[Sequence[Any]], None], Sequence[Any]]] = {
        "one at a time, predict": (partial(alone, network=slow), spread),
        "one at a time, predict_on_batch": (alone, spread),
        "batches": (decode, questions),
    }
    found: dict[str, float] = {}
    for way, (act, chosen) in ways.items():
        act(chosen)  # traces graphs for all shapes
        began = labelled.clock()
        act(chosen)
        found[way] = len(chosen) / (labelled.clock() - began)
    for way, rate in found.items():
        child_messages.send(
            f"{way:32} {rate:8.1f} questions/s, batches {found['batches'] / rate:5.1f} times as many"
        )
    _decoding_alone(
        labelled, questions, tables, recipe, dataset.database(folder, "validation"), told["profile"]
    )


def _decoding_alone(
    labelled: LabelledSketches,
    questions: Sequence[Any],
    tables: Any,
    recipe: Any,
    database: Path,
    profiled: bool,
) -> None:
    """Tell how many sketches a second become queries."""
    from tasks.nl2sql.decoding.query_factors import QueryFactors
    from tasks.nl2sql.decoding.query_search import decode
    from tasks.nl2sql.label_counts.counts import LabelCounts
    from tasks.nl2sql.query.execution import Executor
    from tests.nl2sql.sketches import sketch

    sketches = [sketch(each.text, _label(each.query), tables[each.table]) for each in questions]
    options = {"settings": recipe.decoding, "factors": QueryFactors.of(LabelCounts.zero())}
    fresh = {id: table._replace() for id, table in tables.items()}  # nothing is known of these
    for way in ("tables seen first", "tables seen before", "and results remembered"):
        if way != "and results remembered":
            executor = Executor(database, fresh)
        began = time.process_time()
        decode(sketches, questions, fresh, executor, **options)
        rate = len(questions) / (time.process_time() - began)
        child_messages.send(f"sketches to queries, {way:24} {rate:8.1f} questions/s")
    if profiled:
        profile(lambda: decode(sketches, questions, fresh, executor, **options))


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
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--root", type=Path, help="the competition's own data")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder, arguments.root)
        logging.basicConfig(level=logging.DEBUG if arguments.profile else logging.INFO, format="%(message)s")
        told = {"job": job(folder), "profile": arguments.profile}
        child_process.run(f"{__spec__.name}:rates", told, label="rates")


if __name__ == "__main__":
    main()
