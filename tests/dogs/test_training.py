import numpy as np
import pytest

from tasks.dogs import dataset
from tasks.dogs.config import Recipe, Stage
from tasks.dogs.config import Stage as DogsStage
from tasks.dogs.training import Records, build
from tests.dogs.jobs import COUNT, EACH, TEST, job, recipe, with_views


def records(kind: str, folder, **fields) -> Records:
    made = job(kind, folder, **fields)
    return Records(made, recipe(kind))


def test_held_out_and_training_records_are_all_records_once(tmp_path):
    for fold in (0, 1):
        found = records("small", tmp_path, fold=fold)
        assert sorted([*found.fitted, *found.held_out]) == list(range(COUNT))
        assert set(found.held_out.tolist()) == set(range(fold, COUNT, 2))


def test_records_beside_the_held_out_fold_are_left_out_too(tmp_path):
    np.save(job("small", tmp_path).folds / "folds.npy", np.arange(COUNT) % 3)
    found = records("small", tmp_path, fold=0, beside=2)
    assert found.fitted.tolist() == list(range(1, COUNT, 3))
    assert found.held_out.tolist() == list(range(0, COUNT, 3))


def batches(found: Records, stage: Stage, *, epochs: int) -> list[np.ndarray]:
    steps = [(epoch, step) for epoch in range(epochs) for step in range(found.steps_per_epoch)]
    return [found.batch(stage, epoch, step).inputs for epoch, step in steps]


def blacken(folder, rows: np.ndarray, *, value: int) -> None:
    """Give some photographs one colour that no other photograph has."""
    file = folder / "data" / "train_photos.npy"
    photos = np.load(file)
    photos[rows] = value
    np.save(file, photos)


@pytest.mark.parametrize("plain", [False, True])
def test_batches_never_have_a_held_out_photograph(tmp_path, plain):
    job("small", tmp_path)
    blacken(tmp_path, np.arange(0, COUNT, 2), value=255)
    blacken(tmp_path, np.arange(1, COUNT, 2), value=20)
    fields = {"augmentation": {"combine": 0.5, "zoom": 0.3, "flip": True}}
    settings = recipe("small").model_dump(mode="json") | fields
    made = job("small", tmp_path, fold=0, settings=settings)
    found = Records(made, type(recipe("small")).model_validate(settings))
    views = np.concatenate(batches(found, Stage(plain=plain), epochs=6))
    assert set(np.unique(views).tolist()) == {20.0}


def test_every_training_record_is_in_at_most_one_batch_of_an_epoch(tmp_path):
    found = records("small", tmp_path)
    epoch = np.concatenate([found._positions(Stage(), 0, step) for step in range(found.steps_per_epoch)])
    assert len(set(epoch.tolist())) == len(epoch) == found.count // found.batch_size * found.batch_size


def test_a_batch_is_a_function_of_its_place(tmp_path):
    first, again = records("small", tmp_path), records("small", tmp_path)
    ahead = first.batch(Stage(), 3, 0)
    for one, other in zip(ahead[:1], again.batch(Stage(), 3, 0)[:1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert (ahead.inputs != first.batch(Stage(), 4, 0).inputs).any()


def test_targets_are_smoothed_towards_all_classes(keras, tmp_path):
    found = Records(with_views("glu", tmp_path), recipe("glu"))
    targets = found.batch(Stage(), 0, 0).targets["main"]
    np.testing.assert_allclose(np.unique(targets.round(6)), [0.1 / 3, 0.9 + 0.1 / 3], rtol=1e-4)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)


def test_pairs_put_two_of_a_breed_side_by_side(keras, tmp_path):
    found = Records(with_views("glu", tmp_path), recipe("glu"))
    classes = found.batch(Stage(), 0, 0).targets["main"].argmax(axis=1)
    np.testing.assert_array_equal(classes[::2], classes[1::2])
    assert set(classes.tolist()) == {0, 1, 2}


def test_plain_stages_read_the_lighter_views_and_mix_nothing(keras, tmp_path):
    made = with_views("linear", tmp_path)
    found = Records(made, recipe("linear"))
    plain = found.batch(Stage(plain=True), 0, 0)
    rows = np.load(made.plain_views[0] / "features.npy")[found.fitted[found._positions(Stage(), 0, 0)]]
    np.testing.assert_array_equal(plain.inputs, rows)
    mixed = found.batch(Stage(), 0, 0)
    assert (np.sort(mixed.targets["main"], axis=1)[:, 1] > 0).any()


def pseudo(folder, rows: list[list[float]]):
    (folder / "pseudo").mkdir(exist_ok=True)
    np.save(folder / "pseudo" / "pseudo.npy", np.array(rows, np.float64))
    return folder / "pseudo"


def test_pseudo_labels_join_with_their_weight(tmp_path):
    labels = pseudo(tmp_path, [[0, 2, 0.5], [3, 1, 0.5]])
    found = records("small", tmp_path, labels=labels)
    assert found.inputs.parts == ("train", "test")
    assert found.count == COUNT // 2 + 2
    places = found._positions(Stage(), 0, 0)
    batch = found.batch(Stage(), 0, 0)
    np.testing.assert_array_equal(batch.weights, np.where(places >= COUNT // 2, 0.5, 1.0))
    truth = np.append(found.labels[found.fitted], [2, 1])[places]
    np.testing.assert_array_equal(batch.targets["main"].argmax(axis=1), truth)


@pytest.mark.parametrize("batches", ["shuffled", "pairs"])
def test_a_stage_may_take_the_labelled_records_alone_in_as_many_steps(tmp_path, batches):
    settings = recipe("small").model_dump(mode="json")
    settings["training"] |= {"batches": batches, "batch_size": 5}
    labels = pseudo(tmp_path, [[0, 2, 0.5], [3, 1, 0.5], [4, 1, 0.5]])
    found = Records(job("small", tmp_path, labels=labels, settings=settings), Recipe.model_validate(settings))
    steps = [(epoch, step) for epoch in range(4) for step in range(found.steps_per_epoch)]
    alone = np.concatenate([found._positions(DogsStage(labelled_only=True), *step) for step in steps])
    assert len(alone) == 4 * (COUNT // 2 + 3) // 5 * 5
    assert set(alone.tolist()) == set(range(COUNT // 2))
    if batches == "shuffled":
        counts = np.bincount(alone)
        assert counts.max() - counts.min() <= 1


def test_a_training_goes_on_from_the_model_it_is_given(keras, tmp_path):
    made = job("small", tmp_path)
    first = build(made)
    first.model.save_weights(tmp_path / "model.weights.h5")
    keras.utils.set_random_seed(7)
    other, again = build(made), build(made.model_copy(update={"start": tmp_path}))
    pairs = [list(zip(first.model.weights, each.model.weights, strict=True)) for each in (again, other)]
    same = [all((np.array(a) == np.array(b)).all() for a, b in pair) for pair in pairs]
    assert same == [True, False]


def test_pseudo_labelled_records_are_those_of_the_test_part(keras, tmp_path):
    made = with_views("linear", tmp_path, labels=pseudo(tmp_path, [[0, 2, 0.5], [3, 1, 0.5]]))
    found = Records(made, recipe("linear"))
    places = found._positions(Stage(), 0, 0)
    joined = [int(found._pseudo[place - COUNT // 2, 0]) for place in places if place >= COUNT // 2]
    rows = found.batch(Stage(plain=True), 0, 0).inputs[places >= COUNT // 2]
    assert joined
    np.testing.assert_array_equal(rows, np.load(made.inputs["identity"] / "test.npy")[joined])


def test_without_pseudo_labels_no_test_record_is_read(keras, tmp_path):
    made = with_views("linear", tmp_path)
    (made.inputs["identity"] / "test.npy").unlink()
    for file in tmp_path.glob("data/test*"):
        file.unlink()
    training = build(made)
    training.evaluate(training.model)
    assert len(training.batch(Stage(), 0, 0).inputs) == 8


def test_without_pseudo_labels_no_weights_are_passed(tmp_path):
    assert records("small", tmp_path).batch(Stage(), 0, 0).weights is None


def test_a_model_starts_at_the_discriminant_of_its_training_records(keras, tmp_path):
    settings = recipe("linear").model_dump(mode="json")
    settings["head"] |= {"start": "discriminant", "shrinkage": 0.9}
    made = with_views("linear", tmp_path)
    training = build(made.model_copy(update={"settings": settings}))
    figures = training.evaluate(training.model)
    assert figures["held_out_accuracy"] > 0.8  # colours tell these breeds apart


def test_figures_are_those_of_the_held_out_records(keras, tmp_path):
    training = build(with_views("linear", tmp_path))
    for weight in training.model.get_layer("main").weights:
        weight.assign(np.zeros(weight.shape))
    figures = training.evaluate(training.model)
    assert figures["held_out_loss"] == pytest.approx(np.log(3), rel=1e-5)
    assert figures["held_out_accuracy"] == pytest.approx(EACH / COUNT)


def test_the_data_set_of_these_tests_is_one(tmp_path):
    data = job("small", tmp_path).dataset
    assert len(dataset.ids(data, "test")) == TEST
    assert dataset.photos(data, "train").shape[0] == COUNT
