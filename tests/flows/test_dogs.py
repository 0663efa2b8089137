"""The dogs flow on a few drawn photographs, nothing patched."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.core.errors import UserError
from tests.flows.podium_runs import (
    BREEDS,
    PHOTOGRAPHS,
    ROOT,
    TEST,
    command,
    draw,
    environment,
    finish,
    journals,
    ran,
    submissions,
)

pytestmark = pytest.mark.server

CACHED_RUN = """
import sys
import textwrap
from flows.__main__ import main
try:
    main()
finally:
    print("loaded", *sorted({"tensorflow", "keras"} & set(sys.modules)))
"""
STAGES = (
    '[{epochs=1,optimizer="adam"},{epochs=1,optimizer="sgd"},'
    '{epochs=1,optimizer="sgd",plain=true,keep_optimizer=true}]'
)
SEED_LIKE = {
    "recipes__0__trunk__cut": "pool",
    "recipes__0__head__kind": "glu",
    "recipes__0__head__width": 8,
    "recipes__0__training__batches": "pairs",
    "recipes__0__training__stages": STAGES,
    "recipes__0__views": 2,
}
STEPS = {
    "load dogs train": 1,
    "load dogs test": 1,
    "common dogs": 1,
    "split dogs": 1,
    "train small fold 0": 1,
    "train small fold 1": 1,
    "predict small fold 0": 1,
    "predict small fold 1": 1,
    "gather small": 1,
    "predict small test, fold 0": 1,
    "predict small test, fold 1": 1,
    "average small test": 1,
    "blend dogs": 1,
    "combine dogs test": 1,
    "decode dogs": 1,
    "compare dogs": 1,
    "submit dogs": 1,
    "report dogs": 1,
}


@pytest.fixture(scope="module")
def done(tmp_path_factory, prefect_server) -> tuple[list[str], dict[str, str]]:
    """Command line and places of a run that has ended well."""
    folder = tmp_path_factory.mktemp("dogs")
    words, places = command(draw(folder / "data")), environment(folder)
    finish(words, places)
    return words, places


def provenance(places: dict[str, str]) -> dict[str, Any]:
    file = next(Path(places["PODIUM_SUBMISSIONS"]).glob("dogs/*/provenance.json"))
    return json.loads(file.read_text("utf-8"))


def test_a_run_ends_in_a_checked_submission_and_a_report(done):
    places = done[1]
    lines = submissions(places)[0].decode().splitlines()
    assert len({line.split("\t")[1] for line in lines}) == len(lines) == TEST
    report = next(Path(places["PODIUM_SUBMISSIONS"]).glob("dogs/*/report.html")).read_text("utf-8")
    assert "Confus" in report
    assert report.count("data:image/") > 3
    assert 0 <= provenance(places)["score"]["value"] <= 1


def test_the_journal_holds_every_step_once(done):
    journal = journals(done[1])[0]
    found = [entry["label"] for entry in journal]
    assert {label: found.count(label) for label in found} == STEPS
    assert {entry["state"] for entry in journal} == {"ran"}


def test_every_record_is_predicted_once_by_a_model_that_never_saw_it(done):
    store = Path(done[1]["PODIUM_STORE"]) / "artifacts"
    folds = np.load(next(store.glob("folds-*/folds.npy")))
    ids = json.loads(next(store.glob("folds-*/ids.json")).read_text("utf-8"))
    held_out = [json.loads(path.read_text("utf-8")) for path in store.glob("scores-*/held_out_ids.json")]
    assert sorted(id for part in held_out for id in part) == sorted(ids)
    assert len(ids) == BREEDS * PHOTOGRAPHS + 1  # and the near copy
    for part in held_out:
        assert len({int(folds[ids.index(id)]) for id in part}) == 1


def test_a_rerun_computes_nothing_and_never_loads_tensorflow(done):
    words, places = done
    again = subprocess.run(
        [sys.executable, "-c", CACHED_RUN, *words[3:]],
        env=places,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran(journals(places)[-1]) == []
    assert again.stdout.splitlines()[-1] == "loaded"
    assert len(submissions(places)) == 1


def test_the_cause_of_a_failure_comes_out_as_it_was_raised(done, monkeypatch):
    from flows.dogs import dogs
    from tasks.core.settings import resolve

    words, places = done
    for name in ("PODIUM_STORE", "PODIUM_SUBMISSIONS", "PODIUM_SLOT_FOLDER"):
        monkeypatch.setenv(name, places[name])
    overrides = [word for word in words[words.index("--set") :] if word != "--set"]
    impossible = resolve.resolve("dogs", preset="demo", overrides=[*overrides, "folds.count=20"])
    with pytest.raises(UserError, match=r"folds\.count: expected at most"):
        dogs(impossible)


@pytest.mark.slow
def test_a_second_round_learns_from_labels_of_a_folds_own_models(done):
    words, places = done
    finish([*words, "--set", "pseudo.share=0.5"], places)
    computed = ran(journals(places)[-1])
    again = [f"{step} small-again fold {fold}" for step in ("train", "predict") for fold in (0, 1)]
    assert set(again) | {"pseudo fold 0", "pseudo fold 1"} <= set(computed)
    assert not {label for label in computed if label.startswith(("train small f", "load", "common", "split"))}
    assert len(provenance_members(places)) == 2


def provenance_members(places: dict[str, str]) -> list[str]:
    files = sorted(Path(places["PODIUM_SUBMISSIONS"]).glob("dogs/*/provenance.json"))
    return list(json.loads(files[-1].read_text("utf-8"))["members"])


@pytest.mark.slow
def test_a_gated_head_runs_its_stages_on_cached_features(tmp_path, prefect_server):
    words, places = command(draw(tmp_path / "data"), **SEED_LIKE), environment(tmp_path)
    finish(words, places)
    computed = ran(journals(places)[0])
    assert sum(label.startswith("augment small view") for label in computed) == 2
    assert sum(label.startswith("augment small plain") for label in computed) == 2
    history = next((Path(places["PODIUM_STORE"]) / "artifacts").glob("model-*/history.json"))
    assert [row["stage"] for row in json.loads(history.read_text())] == [1, 2, 3]


@pytest.mark.slow
def test_the_number_of_workers_never_changes_the_submission(done, tmp_path):
    words, places = done
    other = environment(tmp_path, store="one")
    more = ["--set", "run.data_workers=5", "--set", "run.workers=1", "--set", "run.checkpoint_seconds=0"]
    finish([*words, *more], other)
    assert submissions(other) == submissions(places)[:1]
    assert artifacts(other) <= artifacts(places)


def artifacts(places: dict[str, str]) -> set[str]:
    return {
        path.name
        for path in (Path(places["PODIUM_STORE"]) / "artifacts").iterdir()
        if path.name.split("-")[0]
        in (
            *("train", "test", "common", "folds", "model"),
            *("scores", "member", "member_scores", "blend", "blend_scores"),
        )
        and path.is_dir()
    }


@pytest.mark.slow
def test_shuffled_labels_are_learned_no_better_than_by_chance(tmp_path, prefect_server):
    data = draw(tmp_path / "data")
    file = data / "data_train_image.txt"
    rows = [line.split(" ") for line in file.read_text("utf-8").splitlines()]
    drawn = np.random.default_rng(0).permutation([row[1] for row in rows])
    lines = [f"{row[0]} {label} {row[2]}\n" for row, label in zip(rows, drawn, strict=True)]
    file.write_text("".join(lines), "utf-8")
    places = environment(tmp_path)
    finish(command(data, recipes__0__training__stages__0__epochs=20), places)
    count = BREEDS * PHOTOGRAPHS
    chance, error = 1 / BREEDS, (2 / 9 / count) ** 0.5
    assert provenance(places)["score"]["value"] < chance + 3.5 * error


def test_its_networks_are_exported_and_the_example_on_their_page_runs(done, tmp_path):
    words, places = done
    folder = tmp_path / "networks"
    export = [
        *words[:3],
        "members",
        "export",
        "dogs",
        "small",
        "--models",
        "--output",
        str(folder),
        *words[5:],
    ]
    assert (folder / "README.txt").name in finish(export, places)
    facts = json.loads((folder / "models.json").read_text("utf-8"))
    assert [each["file"] for each in facts["models"]] == ["small-fold-0.keras", "small-fold-1.keras"]
    assert facts["outputs"]["breeds"]["shape"] == [None, BREEDS]
    assert len(facts["classes"]) == BREEDS
    example = textwrap.dedent((folder / "README.txt").read_text("utf-8").rpartition("installed:")[2])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran_alone = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert ran_alone.returncode == 0, ran_alone.stderr
    assert ran_alone.stdout == f"{{'breeds': (4, {BREEDS})}}\n"


def test_a_submission_names_the_folders_of_its_members(done):
    words, places = done
    shown = finish([*words[:3], "submissions", "show", "demo"], places)
    folders = [line.split()[-1] for line in shown.splitlines() if "/artifacts/" in line]
    kinds = [Path(each).name.partition("-")[0] for each in folders]
    assert kinds == ["member", "member_scores", "model", "model"]
    assert all(Path(each).is_dir() for each in folders)
