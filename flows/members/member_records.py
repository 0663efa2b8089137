"""The records that members predict, read from the raw files unless that is cached."""

from typing import Any, NamedTuple

from tasks.common import common
from tasks.core.cache.store import Artifact, part_folders
from tasks.core.competition import Part, find
from tasks.core.dataset import PartFolders
from tasks.core.step import Step
from tasks.load import load
from tasks.split import split


class MemberRecords(NamedTuple):
    """The records that members of these settings predict."""

    train: Artifact
    folds: Artifact
    others: dict[str, list[Artifact]]
    """The test and, if there is one, the validation part, each with what is common to all parts."""

    def folders(self, part: str) -> PartFolders:
        """The folders with the records of a member's part."""
        return part_folders([self.train] if part == "out_of_fold" else self.others[part])

    def ids(self, competition: str) -> dict[Part, list[str]]:
        """The ids of the records of each part besides the training part."""
        contract = find(competition)
        return {
            part: contract.ids(self.folders(part), part) for part in contract.parts if part in self.others
        }


def records_of(competition: str, config: Any) -> MemberRecords:
    """Read the raw files and divide the training records into folds, unless that is cached."""
    contract = find(competition)
    loaded = {part: _run(load, competition, config.data.of_part(part), part=part) for part in contract.parts}
    train = loaded.pop("train")
    shared = _run(common, competition, list(contract.common_files), train)
    folds = _run(split, competition, train, config.folds)
    return MemberRecords(train, folds, {part: [artifact, shared] for part, artifact in loaded.items()})


def _run(step: Step, *arguments: Any, **keywords: Any) -> Artifact:
    artifact: Artifact = step.execute(step.bind(*arguments, **keywords)).result
    return artifact
