"""Networks of all recipes leave as files that plain Keras opens, and answer as those that were trained."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.competition import find
from tasks.core.errors import UserError
from tasks.core.jobs import ExportJob
from tests.nl2sql.jobs import step_by_step

ROOT = Path(__file__).parents[1]
CASES = (
    *(("dogs", kind, "") for kind in ("small", "glu", "top")),
    ("extraction", "pointer", "everything"),
    ("extraction", "casrel", "dgcnn"),
    ("extraction", "gplinker", "bert"),
    ("nl2sql", "sketch", "bert"),
    ("nl2sql", "two-stage", "vectors"),
    ("nl2sql", "baseline", "vectors"),
)
"""Competition, kind of recipe or method, and kind of encoder."""
MORE = (
    ("dogs", "linear", ""),
    *(("extraction", "pointer", kind) for kind in ("dgcnn", "bert")),
    ("extraction", "casrel", "bert"),
    ("extraction", "gplinker", "dgcnn"),
    ("nl2sql", "sketch", "dgcnn"),
    *(("nl2sql", method, kind) for method in ("two-stage", "baseline") for kind in ("dgcnn", "bert")),
)
PLAIN_KERAS = """
import importlib, json, sys
import keras, numpy as np
for file, batch, layers, output in json.loads(sys.argv[1]):
    importlib.import_module(layers)
    network = keras.saving.load_model(file)
    np.savez(output, **{name: np.array(each) for name, each in network(dict(np.load(batch))).items()})
print(len([name for name in sys.modules if name.startswith("flows")]), "modules of flows")
"""


def name(case: tuple[str, str, str]) -> str:
    """`extraction-casrel-dgcnn`."""
    return "-".join(filter(None, case))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported")


def job_of(case: tuple[str, str, str], place: Path) -> Any:
    """A job of training of a tiny recipe."""
    competition, method, kind = case
    if competition == "dogs":
        from tests.dogs import jobs

        return jobs.with_views(method, place)
    vectors = {"dgcnn": {"width": 8, "dilations": [1], "minimum_count": 1, "vectors": str(_vectors(place))}}
    if competition == "nl2sql":
        from tests.nl2sql import jobs as questions

        encoder = {"longest": 48, **vectors} if kind == "vectors" else kind
        return questions.job(questions.recipe(encoder, method=method), place)
    from tests.extraction import jobs as sentences

    if kind != "everything":
        return sentences.job(sentences.recipe(method, kind), place)
    words = {"dgcnn": {**sentences.WORDS["dgcnn"], **{"vectors": vectors["dgcnn"]["vectors"]}}}
    given = sentences.with_views(place)
    return sentences.job(sentences.recipe(method, words, distant=True), place, inputs=given["inputs"])


def _vectors(place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    file, random = place / "vectors.npz", np.random.default_rng(0)
    np.savez(file, characters=np.array(list("的是多少")), vectors=random.random((4, 5), np.float32))
    return file


def trained(case: tuple[str, str, str], place: Path) -> tuple[Any, ExportJob]:
    """The network of a training, with its first weights, and the job that exports it from its folder."""
    job = job_of(case, place)
    training = find(case[0]).build(job)
    model = place / "model"
    model.mkdir()
    training.write(model)
    training.model.save_weights(model / "model.weights.h5")
    settings = type(_recipe(case, job)).model_validate(job.settings).for_prediction().model_dump(mode="json")
    output = place / "files"
    output.mkdir()
    fields = {"competition": case[0], "settings": settings, "dataset": job.dataset, "seed": job.seed}
    fields |= {"output": output, "partial": place / "partial", "models": (model,), "names": ("network",)}
    return (training.model, job), ExportJob(**fields, format="keras", first_head=0.75)


def _recipe(case: tuple[str, str, str], job: Any) -> Any:
    from importlib import import_module

    return import_module(f"tasks.{case[0]}.config").Recipe.model_validate(job.settings)


def answers(model: Any, job: Any, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the trained network says to the batch; that of dogs reads what its trunk has made of it."""
    if job.competition != "dogs":
        return dict(model.predict_on_batch(batch))
    inputs = batch["photographs"]
    if job.inputs:
        inputs = np.load(job.inputs["identity"] / "train.npy")[: len(inputs)].astype(np.float32)
    heads = model.predict_on_batch(inputs)
    return {"breeds": 0.75 * heads["main"] + 0.25 * heads.get("auxiliary", heads["main"])}


@pytest.mark.parametrize(
    "case", [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in MORE)], ids=name
)
def test_a_file_answers_as_the_network_that_was_trained(keras: Any, folder: Path, case: Any) -> None:
    from tasks.learning.export.write import child

    place = folder / name(case)
    with step_by_step():
        (model, job), export = trained(case, place)
        child(export.model_dump(mode="json"))
        files = export.output
        batch = dict(np.load(files / "batch.npz"))
        expected = answers(model, job, batch)
        received = keras.saving.load_model(files / "network.keras").predict_on_batch(batch)
    assert received.keys() == expected.keys()
    rounded = case[1] == "top"  # the frozen feature maps are stored in float16
    for each in expected:
        np.testing.assert_allclose(received[each], expected[each], rtol=1e-6, atol=1e-3 if rounded else 1e-6)
    facts = json.loads((files / "network.json").read_text("utf-8"))
    assert facts["inputs"].keys() == batch.keys()
    assert facts["outputs"].keys() == expected.keys()
    for each, values in batch.items():
        sizes = zip(facts["inputs"][each]["shape"], values.shape, strict=True)
        assert all(told in (None, found) for told, found in sizes)
        assert facts["inputs"][each]["dtype"] == str(values.dtype)
    for each in facts["vocabularies"].values():
        numbers = json.loads((files / each).read_text("utf-8"))["numbers"]
        assert batch[each.removesuffix(".json")].max() <= max([5, *numbers.values()])
    np.savez(place / "expected.npz", **received)


def test_plain_keras_opens_them_in_a_process_of_its_own(folder: Path) -> None:
    made = sorted(file.parent for file in folder.glob("*/expected.npz"))
    if not made:
        pytest.skip("no network was exported before")
    words = [
        (
            str(place / "files" / "network.keras"),
            str(place / "files" / "batch.npz"),
            json.loads((place / "files" / "network.json").read_text("utf-8"))["layers"],
            str(place / "received.npz"),
        )
        for place in made
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", PLAIN_KERAS, json.dumps(words)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("0 modules of flows\n")
    for place in made:
        expected, received = (np.load(place / f"{each}.npz") for each in ("expected", "received"))
        for each in expected:
            np.testing.assert_allclose(received[each], expected[each], rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # those of tf2onnx
@pytest.mark.parametrize("format", ["savedmodel", "onnx"])
def test_other_formats_answer_the_same_without_our_code(keras: Any, tmp_path: Path, format: str) -> None:
    from tasks.learning.export.write import FORMATS, child

    for library in FORMATS[format].libraries:
        pytest.importorskip(library)
    _, export = trained(("dogs", "small", ""), tmp_path)
    child({**export.model_dump(mode="json"), "format": format})
    file = export.output / f"network{FORMATS[format].suffix}"
    batch = dict(np.load(export.output / "batch.npz"))
    assert FORMATS[format].run(file, batch)["breeds"].shape == (4, 3)


def test_a_network_that_comes_back_otherwise_is_refused(keras: Any, tmp_path: Path) -> None:
    from tasks.learning.export.write import FORMATS, write_checked

    _, export = trained(("dogs", "small", ""), tmp_path)
    network = find("dogs").network(export)
    lossy = FORMATS["keras"]._replace(run=lambda file, batch: {"breeds": np.full((4, 3), 0.5, np.float32)})
    expected = r"network.keras: read back, it gives other outputs .*: expected differences of at most 1e-06"
    with pytest.raises(UserError, match=expected):
        write_checked(network, lossy, tmp_path, "network")


def test_a_network_that_a_format_cannot_hold_is_refused_with_the_reason(keras: Any, tmp_path: Path) -> None:
    from tasks.learning.export.write import FORMATS, write_checked

    def fail(model: Any, file: Path) -> None:
        raise NotImplementedError("no such operator: Warp\nand much more")

    _, export = trained(("dogs", "small", ""), tmp_path)
    network, form = find("dogs").network(export), FORMATS["onnx"]._replace(write=fail)
    with pytest.raises(UserError) as caught:
        write_checked(network, form, tmp_path, "network")
    assert str(caught.value) == (
        "network.onnx: this network cannot be written in that format (no such operator: Warp)"
    )


def test_networks_that_see_photographs_of_several_sizes_have_an_input_for_each(
    keras: Any, tmp_path: Path
) -> None:
    from tests.dogs import jobs

    sizes = [{**jobs.SMALL, "size_pixels": size} for size in (32, 40, 32)]
    data = jobs.dataset(tmp_path / "data")
    fields = {"competition": "dogs", "settings": {"trunk": {"backbones": sizes}}, "dataset": data, "seed": 0}
    fields |= {"output": tmp_path, "partial": tmp_path, "models": (), "names": (), "format": "keras"}
    network = find("dogs").network(ExportJob(**fields, first_head=1.0))
    assert {name: each.shape for name, each in network.batch.items()} == {
        "photographs_32": (4, 32, 32, 3),
        "photographs_40": (4, 40, 40, 3),
    }
    network.model.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_allclose(
        again.predict_on_batch(network.batch)["breeds"],
        network.model.predict_on_batch(network.batch)["breeds"],
        rtol=1e-6,
        atol=1e-6,
    )
