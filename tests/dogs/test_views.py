import numpy as np

from tasks.dogs import views
from tasks.dogs.encode import encode
from tests.dogs.jobs import COUNT, TEST, job, recipe, with_views


def augmented(folder, *, workers: int = 2, combine: float = 0.0) -> np.ndarray:
    """Features of one view of each training photograph."""
    shared = {"trunk": recipe("linear").trunk.model_dump(mode="json")}
    shared["augmentation"] = {"combine": combine, "zoom": 0.3 if combine else 0.0, "flip": True}
    output = folder / f"view-{workers}-{combine}"
    output.mkdir(parents=True)
    made = job("linear", folder, fold=None, view=0, settings=shared, output=output, data_workers=workers)
    views.augment(made)
    return np.load(output / "features.npy")


def test_the_number_of_workers_never_changes_a_view(keras, tmp_path):
    one, four = augmented(tmp_path, workers=1, combine=0.5), augmented(tmp_path, workers=4, combine=0.5)
    assert one.shape == (COUNT, 128)
    np.testing.assert_array_equal(one, four)


def test_views_mix_in_photographs_of_their_own_fold_only(keras, tmp_path, monkeypatch):
    job("linear", tmp_path)
    file = tmp_path / "data" / "train_photos.npy"
    photos = np.load(file)
    photos[0::2], photos[1::2] = 255, 20  # one colour for each fold
    np.save(file, photos)
    colors: dict[int, set[float]] = {}
    view = views.view

    def noted(photos, index, **options):
        made = view(photos, index, **options)
        colors[index] = set(np.unique(made).tolist())
        return made

    monkeypatch.setattr(views, "view", noted)
    augmented(tmp_path, combine=0.9)
    assert colors == {index: {20 if index % 2 else 255} for index in range(COUNT)}


def test_encoded_parts_hold_a_row_for_each_photograph(keras, tmp_path):
    made = with_views("top", tmp_path)
    encoded = made.inputs["identity"]
    assert [[file.name for file in folder.iterdir()] for folder in encoded.folders] == [
        ["train.npy"],
        ["test.npy"],
    ]
    train, test = np.load(encoded / "train.npy"), np.load(encoded / "test.npy")
    assert (len(train), len(test)) == (COUNT, TEST)
    assert train.ndim == 4
    assert train.dtype == np.float16


def test_a_mirrored_view_of_a_mirrored_photograph_is_the_photographs(keras, tmp_path):
    made = job("linear", tmp_path, fold=None)
    settings = {"trunk": recipe("linear").trunk.model_dump(mode="json")}
    file = made.dataset / "train_photos.npy"
    rows = {}
    for name in ("identity", "flip"):
        output = tmp_path / name
        output.mkdir()
        encode(job("linear", tmp_path, fold=None, settings=settings, output=output, view=name, part="train"))
        rows[name] = np.load(output / "train.npy")
        np.save(file, np.load(file)[:, :, ::-1])
    np.testing.assert_array_equal(rows["identity"], rows["flip"])
