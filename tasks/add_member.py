"""Step `add_member`: files of predictions, made with any program → a member like those of step `gather`."""

import json

import numpy as np

from tasks.core.cache.digests import sha256_of_file
from tasks.core.cache.store import Artifact, Store, part_folders, write_json
from tasks.core.competition import Scores, find
from tasks.core.config import ContentsPath, Settings
from tasks.core.errors import InvalidData, InvalidSettings, Problem
from tasks.core.locations import expand
from tasks.core.step import step
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.member_files.records import PARTS, ExpectedRecords, MemberPart


class MemberFiles(Settings):
    """The files of a member, in a form of the competition (`Competition.member_form`)."""

    out_of_fold: ContentsPath
    """Scores of the training records, each by models that have not seen its fold."""
    test: ContentsPath
    """Scores of the test records; may be the same file."""
    validation: ContentsPath = ""
    """Scores of the validation records; empty: none."""


@step(uses=("metric", "member_form"), label="member {name}")
def add_member(
    competition: str,
    name: str,
    files: MemberFiles,
    train: Artifact,
    folds: Artifact,
    others: dict[str, list[Artifact]],
) -> Artifact:
    """Match the files' scores with the records, and check them.

    Writes `out_of_fold`, `test` and, if there are scores of it, `validation` as
    `tasks.learning.ensemble.prediction_files`, and `member.json` with the score and the files' digests.

    Args:
        others: the test and, if there is one, the validation part, each with what is common to all parts.

    Raises:
        InvalidData: ids are missing, doubled or unknown, or scores are no probabilities; all problems of all
            files.
    """
    contract = find(competition)
    if contract.member_form is None:
        raise InvalidSettings(
            f"members: expected a competition that reads files of members, received {competition!r}"
        )
    records = _expected(competition, folds, others)
    scores, problems = dict[MemberPart, Scores](), list[Problem]()
    for part, expected in records.items():
        form = contract.member_form(part_folders([train] if part == "out_of_fold" else others[part]))
        try:
            if file := getattr(files, part):
                scores[part] = form.read(expand(file), expected)
            elif not expected.ids:
                scores[part] = form.nothing()
        except InvalidData as error:
            problems += error.problems
    if problems:
        raise InvalidData(list(dict.fromkeys(problems)))
    score = contract.scorer(train.path)(scores["out_of_fold"].values)
    digests = {part: sha256_of_file(expand(getattr(files, part))) for part in PARTS if getattr(files, part)}
    description = {"score": score._asdict(), "first_head": 1.0, "foreign": {"name": name, "files": digests}}
    with (store := Store.current()).new_folder() as folder:
        for part, each in scores.items():
            prediction_files.write(folder, part, each)
        write_json(folder / "member.json", description)
        return store.keep("member", folder)


def _expected(
    competition: str, folds: Artifact, others: dict[str, list[Artifact]]
) -> dict[MemberPart, ExpectedRecords]:
    """The records of each part."""
    contract = find(competition)
    ids: dict[MemberPart, list[str]] = {
        "out_of_fold": json.loads((folds.path / "ids.json").read_text("utf-8"))
    }
    for part in PARTS:
        if part != "out_of_fold" and part in others:
            ids[part] = contract.ids(part_folders(others[part]), part)
    assigned = dict(zip(ids["out_of_fold"], np.load(folds.path / "folds.npy").tolist(), strict=True))
    words = {"out_of_fold": "the training part", "validation": "the validation part", "test": "the test part"}
    places = {id: words[part] for part, listed in ids.items() for id in listed}
    return {
        part: ExpectedRecords(part, listed, assigned if part == "out_of_fold" else {}, places)
        for part, listed in ids.items()
    }
