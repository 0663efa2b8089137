import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from tasks.core.competition import Job
from tasks.core.config import Stage
from tasks.learning.candidates import key
from tasks.nl2sql import dataset as files
from tasks.nl2sql import reading
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query import canonical, from_json, to_json
from tasks.nl2sql.two_stage_examples import asked, inputs, shuffled
from tests.nl2sql import written

ENCODERS = {
    "dgcnn": {"longest": 32, "dgcnn": {"width": 8, "dilations": [1, 2], "minimum_count": 1}},
    "bert": {
        "longest": 128,
        "kind": "bert",
        "bert": {"layers": 1, "width": 16, "heads": 2, "minimum_count": 1},
    },
}
STAGE = {"epochs": 1, "optimizer": "adam", "learning_rate": 0.01, "schedule": "constant"}
KINDS = list(ENCODERS)


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.devices import configure

    configure(0)


@cache
def folder() -> Path:
    made = written.dataset(Path(mkdtemp(prefix="podium-tests-")))
    np.save(made / "folds.npy", np.arange(len(written.TRAIN.questions)) % 3)
    return made


def recipe(kind: str = "dgcnn", **fields) -> Recipe:
    training = {"batch_questions": 3, "stages": [STAGE]}
    given = {"method": "two-stage", "encoder": ENCODERS[kind], "training": training, **fields}
    return Recipe.model_validate(given)


def job(made: Recipe, output: Path, **fields) -> Job:
    places = {"dataset": folder(), "folds": folder(), "output": output, "partial": output / "partial"}
    settings = made.model_dump(mode="json")
    given = {"competition": "nl2sql", "settings": settings, "seed": 1, "fold": 0, **places, **fields}
    return Job(**given)


def questions(made: Recipe, output: Path, **fields):
    from tasks.nl2sql.two_stage_training import lessons_of

    return lessons_of(job(made, output, **fields), made)


def batch(own, epoch: int, step: int):
    from tasks.nl2sql import two_stage_training

    return two_stage_training.batch(own, Stage(), epoch, step)


@cache
def network(kind: str = "dgcnn", *, seed: int = 1):
    from tasks.nl2sql import two_stage_network

    own = questions(recipe(kind), Path("unused"))
    return two_stage_network.build(own.recipe, own.reader, seed=seed), own


def read(own, part="train"):
    tables = files.tables(folder(), part)
    examples = reading.examples(files.questions(folder(), part), tables, longest=own.reader.longest)
    return examples, tables


def found(kind: str, rows: list[int]) -> list[dict[str, float]]:
    from tasks.nl2sql.two_stage import decoded

    made, own = network(kind)
    examples, tables = read(own)
    chosen = [examples[row] for row in rows]
    return decoded([made], own.recipe, own.reader, chosen, tables, None).records()


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_alone_and_among_others_has_the_same_queries(kind):
    rows = list(range(len(written.TRAIN.questions)))
    together = found(kind, rows)
    backwards = found(kind, rows[::-1])[::-1]
    for row in rows:
        (alone,) = found(kind, [row])
        assert alone.keys() == together[row].keys() == backwards[row].keys()
        assert alone == pytest.approx(together[row], abs=1e-5) == backwards[row]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_of_questions_tables_and_candidates_changes_nothing(kind):
    from tasks.nl2sql.two_stage import said

    made, own = network(kind)
    examples, tables = read(own)
    given = asked(examples, tables, own.recipe.matcher)
    widest = max(range(len(given)), key=lambda row: len(given[row].candidates))
    for row in (0, 2):
        assert len(given[row].candidates) < len(given[widest].candidates)
        (sketch, scores), _ = said([made], [given[row], given[widest]], own.reader)
        ((alone, own_scores),) = said([made], [given[row]], own.reader)
        np.testing.assert_allclose(scores, own_scores, atol=1e-5)
        for one, other in zip(sketch, alone, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_what_is_scored_is_what_was_asked_about():
    """Candidates of a table in another order of columns have the same scores."""
    from tasks.nl2sql.two_stage import said

    made, own = network()
    examples, tables = read(own)
    (given,) = asked(examples[5:6], tables, own.recipe.matcher)
    order = np.array([5, 3, 0, 1, 4, 2])
    moved = shuffled(given, order)
    assert [order[each.column] for each in moved.candidates] == [each.column for each in given.candidates]
    ((sketch, scores),) = said([made], [given], own.reader)
    ((other, moved_scores),) = said([made], [moved], own.reader)
    np.testing.assert_allclose(scores, moved_scores, atol=1e-5)
    np.testing.assert_allclose(sketch.select[order], other.select, atol=1e-5)
    assert np.ptp(scores, axis=0).max() > 1e-4


def test_several_networks_are_averaged():
    from tasks.nl2sql.two_stage import said

    (one, own), (other, _) = network(seed=1), network(seed=2)
    examples, tables = read(own)
    given = asked(examples[:2], tables, own.recipe.matcher)
    both, *each = (said(made, given, own.reader) for made in ([one, other], [one], [other]))
    np.testing.assert_allclose(both[1][1], (each[0][1][1] + each[1][1][1]) / 2, atol=1e-6)
    np.testing.assert_allclose(
        both[1][0].select, (each[0][1][0].select + each[1][1][0].select) / 2, atol=1e-6
    )


def test_a_seed_decides_all_weights():
    first = network()[0].model.get_weights()
    again = network.__wrapped__()[0].model.get_weights()
    other = network(seed=2)[0].model.get_weights()
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    drawn = [place for place, value in enumerate(first) if np.unique(value).size > 2]
    assert len(drawn) > 20
    assert all((first[place] != other[place]).any() for place in drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_finite_and_reach_every_layer(kind):
    import tensorflow as tf

    from tasks.nl2sql.two_stage_network import LOSSES

    made, own = network(kind)
    shown = batch(own, 0, 0)
    with tf.GradientTape() as tape:
        outputs = made.model(shown.inputs, training=True)
        loss = sum(tf.reduce_mean(LOSSES[name](shown.targets[name], outputs[name])) for name in LOSSES)
    gradients = tape.gradient(loss, made.model.trainable_variables)
    assert all(np.isfinite(tf.convert_to_tensor(each)).all() for each in gradients)
    still = [v.path for v, g in zip(made.model.trainable_variables, gradients, strict=True) if not tf.norm(g)]
    assert not [path for path in still if "conditions" in path and "along" not in path]


@pytest.mark.parametrize(("fold", "beside"), [(0, None), (1, None), (0, 2)])
def test_no_question_that_is_left_out_is_learned(tmp_path, fold, beside):
    own = questions(recipe(), tmp_path, fold=fold, beside=beside)
    numbers = [int(each.example.question.id.partition(":")[2]) for each in own.learned]
    all_ids = [int(each.id.partition(":")[2]) for each in files.questions(folder(), "train")]
    assert numbers == [id for place, id in enumerate(all_ids) if place % 3 not in (fold, beside)]
    watched = [int(each.id.partition(":")[2]) for each in own.watched]
    assert watched == [id for place, id in enumerate(all_ids) if place % 3 == fold]


def test_a_batch_is_a_function_of_its_place(tmp_path):
    first, again = (questions(recipe(), tmp_path) for _ in range(2))
    ahead = batch(first, 2, 1)
    batch(first, 0, 0)
    for own in (first, again):
        shown = batch(own, 2, 1)
        for name, value in {**shown.inputs, **shown.targets}.items():
            np.testing.assert_array_equal(value, {**ahead.inputs, **ahead.targets}[name])


def test_every_question_is_shown_once_an_epoch_with_its_conditions(tmp_path):
    own = questions(recipe(matcher={"negatives": 1}), tmp_path)
    for epoch in range(3):
        rows = np.concatenate(own.plan(epoch)).tolist()
        assert sorted(rows) == list(range(len(own.learned)))
        assert len(own.plan(epoch)) == len(own.plan(0))
        batches = [batch(own, epoch, step) for step in range(len(own.plan(epoch)))]
        stated = sum(
            int(((b.targets["conditions"] >= 0) & (b.targets["conditions"] < 4)).sum()) for b in batches
        )
        wanted = sum(len(each.example.question.query.conditions) for each in own.learned)
        assert stated == wanted
        for each in batches:
            known = each.targets["conditions"] >= 0
            assert (each.inputs["candidates"][..., 1] > 0).tolist() == known.tolist()


def test_what_other_questions_found_is_considered_if_asked_for():
    _, own = network()
    tables = files.tables(folder(), "train")
    asking = [each for each in files.questions(folder(), "train") if each.table == "houses"]
    texts = ["青石花园的成交均价", "青石的成交均价"]
    pair = [each._replace(text=text) for each, text in zip(asking, texts, strict=True)]
    examples = reading.examples(pair, tables, longest=32)
    alone = asked(examples, tables, own.recipe.matcher)
    shared = asked(examples, tables, recipe(matcher={"share_candidates": True}).matcher)
    extra = set(shared[1].candidates) - set(alone[1].candidates)
    assert {(each.column, each.value, each.start, each.end) for each in extra} == {(0, "青石花园", 0, 2)}
    assert shared[0].candidates == alone[0].candidates


def test_a_small_training_learns_and_ends_in_the_same_bytes_when_resumed(tmp_path):
    from tasks.learning.fitting import fit
    from tasks.nl2sql.two_stage_training import build

    made = recipe(training={"batch_questions": 7, "stages": [{**STAGE, "epochs": 6}]})
    weights, histories = [], []
    for name, seconds in (("whole", 1e9), ("parts", 0.0)):
        told: list[str] = []

        def tell(text: str, name=name, told=told) -> None:
            told.append(text)
            if name == "parts" and len(told) == 3:
                raise KeyboardInterrupt

        own = job(made, tmp_path, fold=None)
        options = {"checkpoint_seconds": seconds, "workers": 1, "tell": tell}
        training = build(own, made)
        if name == "parts":
            with pytest.raises(KeyboardInterrupt):
                fit(training, tmp_path / name, **options)
            training = build(own, made)
        histories.append(fit(training, tmp_path / name, **options))
        weights.append(training.model.get_weights())
    assert all((a == b).all() for a, b in zip(*weights, strict=True))
    assert histories[0] == histories[1]
    assert histories[0][-1]["loss"] < 0.8 * histories[0][0]["loss"]


def test_queries_are_valid_and_their_probabilities_are_no_more_than_one():
    for record in found("dgcnn", [0, 1, 5]):
        assert 0 < len(record) <= 8
        assert sum(record.values()) <= 1 + 1e-6
        for text in record:
            query = from_json(json.loads(text))
            assert text == key(to_json(canonical(query)))
            assert (len(query.conditions) < 2) == (query.connector == 0)


@pytest.mark.parametrize(
    ("column", "expected"), [(0.5, 0.8), (0.9, 12 / 13), (0.1, 4 / 7), (1.0, 0.99), (0.0, 0.11)]
)
def test_the_sketch_has_a_say_in_which_columns_have_conditions(column, expected):
    from tasks.nl2sql.two_stage import agreed

    scores = np.array([[0.0, 0.0, 0.8, 0.0]])
    found = agreed(scores, np.array([[0.0, 0.0, column, 0.0, 1 - column]]))
    assert found[0, 2] == pytest.approx(expected, abs=0.01)
    assert not found[0, [0, 1, 3]].any()


def test_a_question_that_states_nothing_has_queries_too():
    from tasks.nl2sql.two_stage import decoded

    made, own = network()
    tables = files.tables(folder(), "train")
    (asking, *_) = files.questions(folder(), "train")
    examples = reading.examples([asking._replace(text="嗯", query=None)], tables, longest=32)
    assert not asked(examples, tables, own.recipe.matcher)[0].candidates[1:]
    assert decoded([made], own.recipe, own.reader, examples, tables, None).record(0)


def test_no_questions_have_no_queries():
    from tasks.nl2sql.two_stage import decoded

    made, own = network()
    assert len(decoded([made], own.recipe, own.reader, [], {}, None)) == 0


def test_inputs_are_those_of_the_network():
    made, own = network()
    examples, tables = read(own)
    given = inputs(asked(examples[:2], tables, own.recipe.matcher), own.reader)
    assert set(given) == set(made.model.input)
