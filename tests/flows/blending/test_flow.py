"""Members of earlier runs, chosen and blended; nothing is trained."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tasks.core import locations
from tasks.core.cache.store import Artifact, Store, write_json
from tasks.core.errors import InvalidSettings
from tasks.core.submissions import submissions
from tasks.core.submissions.cache_eviction import artifacts_behind
from tests.core.stored_records import rekeyed
from tests.flows.sequential import Run, walk

FOLDS = 4


@pytest.fixture
def config(toy: Path, tmp_path: Path) -> Any:
    from tasks.toy.config import Config
    from tests.toy import past

    data = {"root": str(past.root(tmp_path / "points"))}
    return Config.model_validate({"data": data, "folds": {"count": FOLDS}, "blend": {"rounds": 10}})


@pytest.fixture
def three(config: Any) -> dict[str, Artifact]:
    """Two that know different halves of the records, and a poor one."""
    from tests.toy import past

    return {
        "even": past.member(config, "even", wrong=0.3, seed=1, right_on=0),
        "odd": past.member(config, "odd", wrong=0.4, seed=2, right_on=1),
        "poor": past.member(config, "poor", wrong=0.6, seed=3),
    }


def chosen(config: Any, selector: str = "all") -> list[str]:
    return list(selection(config, selector).members)


def refused(config: Any) -> dict[str, str]:
    return {each.member.recipe: each.reason for each in selection(config, "all").unusable}


def selection(config: Any, selector: str) -> Any:
    """As `podium blend` chooses."""
    from flows.blending.member_selection import choose
    from flows.members.member_provenance import predictor

    known = submissions.listed(locations.submissions_folder(), "toy")
    return choose("toy", config, selector, can_predict=predictor(type(config), known))


# Choosing


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("all", ["even", "odd", "poor"]),
        ("best:2", ["even", "odd"]),
        ("best:99", ["even", "odd", "poor"]),
        ("poor,even", ["even", "poor"]),
        ("poor, odd, poor", ["odd", "poor"]),
    ],
)
def test_members_come_best_first(config, three, selector, names):
    assert chosen(config, selector) == names


def test_a_member_is_meant_by_the_beginning_of_its_digest(config, three):
    digests = [three["poor"].digest[:6], three["odd"].name]
    assert chosen(config, ",".join(digests)) == ["odd", "poor"]


@pytest.mark.parametrize("selector", ["best:1", "best:x", "best:", "first:3", "", "even,,odd"])
def test_invalid_selectors_are_refused(config, three, selector):
    with pytest.raises(InvalidSettings, match="--members: expected best:N"):
        chosen(config, selector)


def test_an_unknown_member_is_refused_with_those_there_are(config, three):
    with pytest.raises(InvalidSettings, match=r"expected some of .*even \(\w{8}\).*received 'evne'"):
        chosen(config, "evne,odd")


def test_of_recipes_with_one_name_the_digest_tells_which(config, three):
    from tests.toy import past

    other = past.member(config, "even", wrong=0.5, seed=9)
    with pytest.raises(InvalidSettings, match=r"expected one member a name, .*, 'even' fits"):
        chosen(config, "even,odd")
    names = chosen(config)
    assert {f"even-{three['even'].digest[:8]}", f"even-{other.digest[:8]}"} < set(names)


def other_folds(config: Any, **folds: int) -> Any:
    return config.model_copy(update={"folds": config.folds.model_copy(update=folds)})


def test_members_of_other_folds_are_left_out_with_the_reason(config, three):
    from tests.toy import past

    past.member(other_folds(config, count=2), "halves", wrong=0.1, seed=4)
    past.member(other_folds(config, seed=5), "otherwise", wrong=0.1, seed=5)
    assert chosen(config) == ["even", "odd", "poor"]
    assert refused(config) == {
        "halves": "it has 2 folds, expected 4",
        "otherwise": "it has other records in each fold",
    }
    with pytest.raises(
        InvalidSettings, match=r"'halves', which cannot be used:\n.*it has 2 folds, expected 4"
    ):
        chosen(config, "even,halves")


def test_members_of_other_records_are_left_out_with_the_reason(config, three, tmp_path):
    from tests.toy import past, raw_files

    root = str(raw_files.write(tmp_path / "fewer", 52))
    data = config.data.model_copy(update={"root": root})
    past.member(config.model_copy(update={"data": data}), "few", wrong=0.1, seed=4)
    assert refused(config) == {"few": "it has other training records: 50, expected 200"}


def test_a_member_whose_files_are_gone_is_left_out(config, three):
    shutil.rmtree(three["odd"].path)
    assert refused(config) == {"odd": "its files are gone or damaged"}


def test_a_member_of_an_earlier_version_is_left_out(config, three):
    """Members were once kept without ids."""
    store = Store.current()
    with store.new_folder() as folder:
        shutil.copy(three["odd"].path / "out_of_fold.npy", folder)
        old = store.keep("member", folder)
    record = next(each for each in store.records() if each["label"] == "gather odd")
    write_json(store.root / "steps" / f"{record['key']}.json", record | {"result": old.model_dump()})
    assert "an earlier version wrote it" in refused(config)["odd"]


def test_equal_predictions_count_once_and_their_digest_still_finds_them(config, three):
    store = Store.current()
    with store.new_folder() as folder:
        shutil.copytree(three["odd"].path, folder, dirs_exist_ok=True)
        (folder / "member.json").chmod(0o644)
        (folder / "member.json").write_text("{}")
        twin = store.keep("member", folder)
    record = next(each for each in store.records() if each["label"] == "gather odd")
    newer = {"label": "gather twin", "finished": "2099-01-01T00:00:00+00:00", "result": twin.model_dump()}
    gathered = rekeyed(record | newer | {"inputs": record["inputs"] | {"twin": True}})
    store.write_record(gathered["key"], gathered)
    averaged = next(
        each
        for each in store.records()
        if each["step"] == "average" and each["inputs"]["member"]["artifact"] == three["odd"].name
    )
    inputs = averaged["inputs"] | {"member": {"artifact": twin.name}}
    made = rekeyed(averaged | {"inputs": inputs})
    store.write_record(made["key"], made)
    assert chosen(config) == ["even", "twin", "poor"]
    assert refused(config) == {"odd": "it predicts the same as a newer one"}
    assert chosen(config, f"even,{three['odd'].digest[:8]}") == ["even", "odd"]


def test_fewer_than_two_members_are_refused_with_all_that_were_left_out(config):
    from tests.toy import past

    past.member(config, "alone", wrong=0.1, seed=1)
    past.member(other_folds(config, count=2), "halves", wrong=0.1, seed=4)
    with pytest.raises(InvalidSettings) as caught:
        chosen(config, "best:10")
    assert "expected at least 2" in str(caught.value)
    assert "alone (" in str(caught.value)
    assert "halves (" in str(caught.value)


# Blending


def blended(config: Any, selector: str, folder: Path) -> Run:
    """A run of the flow with the members that the selector chooses, as `podium blend` gives them to it."""
    from flows.blending.flow import blending
    from flows.members.member_provenance import earlier_members, with_recipes

    known = submissions.listed(locations.submissions_folder(), "toy")
    members = {name: each.member for name, each in selection(config, selector).members.items()}
    earlier = earlier_members(members, type(config), known)
    command = "podium blend {competition} --from {folder} --members a,b"
    return walk(
        blending, folder, "toy", with_recipes(config, members, known), earlier, command, run="this run"
    )


def submission_of(run: Run) -> submissions.Submission:
    return submissions.read(Path(run.result["submission"]).parent)


@pytest.mark.parametrize("method", ["greedy", "stack"])
def test_a_blend_ends_in_a_checked_submission_that_tells_where_its_members_come_from(
    config, three, method, tmp_path
):
    settings = config.model_copy(update={"blend": config.blend.model_copy(update={"method": method})})
    folder, provenance = submission_of(blended(settings, "even,odd", tmp_path))
    labels = [step["label"] for step in provenance["steps"]]
    assert labels == [
        *("gather even", "average even test", "gather odd", "average odd test"),
        *("load toy train", "load toy test", "common toy", "split toy"),
        *("blend toy", "combine toy test", "decode toy"),
    ]
    assert set(provenance["data"]) == {"load train", "load test", "split"}
    assert provenance["command"] == f"podium blend toy --from {folder.name} --members a,b"
    best = max(each["score"]["value"] for each in provenance["members"].values())
    gain = provenance["gain"]
    assert provenance["score"]["value"] == pytest.approx(best + gain["value"])
    assert gain["value"] > 2 * gain["standard_error"] > 0
    assert (folder / "report.html").is_file()
    assert sum(each["weight"] for each in provenance["members"].values()) == pytest.approx(1)


def test_settings_contain_the_recipes_of_members_of_earlier_submissions(config, three, tmp_path):
    from flows.members.cached_members import cached_members
    from flows.members.member_provenance import submissions_with, with_recipes

    recipe = {"seeds": 1, "name": "odd", "learning_rate": 0.5, "epochs": 7}
    step = {"step": "gather", "label": "gather odd", "artifact": three["odd"].name}
    described = {"member": three["odd"].model_dump(), "recipe": recipe, "models": []}
    provenance = {"file": "a", "ensemble": {"members": {"odd": described}}, "steps": [step]}
    known = submissions.Submission(tmp_path / "20260101-000000-odd", provenance)
    members = {each.recipe: each for each in cached_members(Store.current(), "toy")}
    assert submissions_with(members["odd"], [known]) == [known]
    assert submissions_with(members["even"], [known]) == []
    settings = with_recipes(config, {"renamed": members["odd"], "even": members["even"]}, [known])
    expected = recipe | {"name": "renamed", "seeds": 1}  # as before there were several
    assert [each.model_dump() for each in settings.recipes] == [expected]
    assert with_recipes(config, {"even": members["even"]}, [known]) == config
    assert settings.folds == config.folds
    unknown = submissions.Submission(known.folder, {"file": "a", "steps": [step]})
    assert with_recipes(config, {"odd": members["odd"]}, [unknown]) == config


def test_what_a_blend_rests_on_is_kept_when_the_store_is_cleaned(config, three, tmp_path):
    needed = artifacts_behind([submission_of(blended(config, "even,odd", tmp_path))])
    assert {three["even"].name, three["odd"].name} < needed
    assert three["poor"].name not in needed
