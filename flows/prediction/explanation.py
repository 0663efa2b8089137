"""Why a member of a submission answers records as it does: a page, and heat maps as pictures beside it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from flows.members.member_provenance import recipe_settings
from tasks.core.cache.store import Artifact, Store, part_folders, write_atomically
from tasks.core.competition import Part, competition_names, find
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.core.printable import printable
from tasks.core.report import page
from tasks.core.submissions.submissions import Submission
from tasks.explain import explain
from tasks.learning.attribution.explanations import Explanation, read, renamed
from tasks.learning.ensemble import prediction_files
from tasks.learning.report.explanation_section import explanation_section, pictures, png

PARTS: dict[str, Part] = {"test": "test", "oof": "train", "validation": "validation"}
"""Parts by the name that `--part` takes."""
TITLES = {"test": "Test records", "oof": "Out of fold", "validation": "Validation records"}
CHOSEN = 4
"""Records of each part that are explained when none are named."""


class ExplainedMember(NamedTuple):
    """A member with all that its explanations read."""

    name: str
    recipe: Any
    member: Artifact
    """Its out-of-fold scores."""
    models: list[Artifact]
    blend: Artifact
    folds: Artifact
    parts: dict[Part, list[Artifact]]
    """What the records of each part are read from, as far as the store has it."""


def explained_member(submission: Submission, config_type: type[Any], name: str | None) -> ExplainedMember:
    """The named member of a submission, else that of the largest weight which can be explained.

    Raises:
        InvalidSettings: its competition explains nothing, or the member has no networks in the store.
    """
    competition = str(submission.provenance["competition"])
    if find(competition).explainer is None:
        known = [each for each in competition_names() if find(each).explainer]
        raise InvalidSettings(
            f"explain: expected a submission of a competition that explains its answers "
            f"({', '.join(known)}), received one of {competition}; estimators and networks of one's own need "
            "an EXPLAINER, see tasks/README.md"
        )
    described = submission.provenance.get("ensemble") or {}
    rebuild = f"rebuild it with: {submission.provenance.get('command')}"
    name = _named(submission, described.get("members", {}), config_type, name, rebuild)
    data = submission.provenance.get("data") or {}
    parts, folds = _parts(data, described), _artifact(data.get("split"))
    blend, value = Artifact.model_validate(described["blend"]), described["members"][name]
    if folds is None or not parts or not Store.current().is_whole(blend):
        raise InvalidSettings(f"{submission.name}: its records, folds or weights left the store; {rebuild}")
    return ExplainedMember(
        name,
        recipe_settings(value["recipe"], config_type),
        Artifact.model_validate(value["member"]),
        [Artifact.model_validate(model) for model in value["models"]],
        blend,
        folds,
        parts,
    )


def _named(
    submission: Submission, members: Mapping[str, Any], config_type: type[Any], name: str | None, rebuild: str
) -> str:
    """The named member, or that of the largest weight, which can be explained."""
    reasons = {each: _obstacle(value, config_type) for each, value in members.items()}
    fitting = [each for each, reason in reasons.items() if not reason]
    if name is not None and name not in reasons:
        expected = ", ".join(reasons) or "none"
        raise InvalidSettings(
            f"--member: expected one of {expected}, received {name!r}{suggestion(name, reasons)}"
        )
    if name is None and fitting:
        weights = submission.provenance.get("members") or {}
        return max(fitting, key=lambda each: (weights.get(each) or {}).get("weight", 0.0))
    if name is None or reasons[name]:
        why = "; ".join(f"{each}: {reason}" for each, reason in reasons.items() if reason)
        those = f"expected one of {', '.join(fitting)}" if fitting else "no member can be explained"
        raise InvalidSettings(f"--member: {those} ({why or 'the submission names no members'}); {rebuild}")
    return name


def _obstacle(described: Mapping[str, Any], config_type: type[Any]) -> str:
    """Why a member cannot be explained; empty if it can."""
    store = Store.current()
    if not described["models"]:
        return "others have made it, or its models had left the store"
    recipe = recipe_settings(described["recipe"], config_type)
    if recipe is None:
        return "its settings are not known or of another version"
    if not recipe.trains_network:
        return "it is no network"
    artifacts = [described["member"], *described["models"]]
    if not all(store.is_whole(Artifact.model_validate(each)) for each in artifacts):
        return "its models left the store or are damaged"
    return ""


def _parts(data: Mapping[str, str], described: Mapping[str, Any]) -> dict[Part, list[Artifact]]:
    store, found = Store.current(), dict[Part, list[Artifact]]()
    train, common = (Artifact.model_validate(described[each]) for each in ("train", "common"))
    if store.is_whole(train):
        found["train"] = [train]
    for part in ("validation", "test"):
        artifact = _artifact(data.get(f"load {part}"))
        if artifact is not None and store.is_whole(common):
            found[part] = [artifact, common]
    return found


def _artifact(name: str | None) -> Artifact | None:
    """The artifact of a provenance's `<kind>-<digest>`; None if the store does not have it whole."""
    if not name:
        return None
    kind, _, digest = name.rpartition("-")
    artifact = Artifact(kind=kind, digest=digest)
    return artifact if Store.current().is_whole(artifact) else None


def test_scores(submission: Submission, member: ExplainedMember) -> Artifact | None:
    """The member's scores of the test records; None if the store does not have them.

    Those of the submission's own steps: other test files may have been predicted since.
    """
    store = Store.current()
    for entry in submission.provenance.get("steps", []):
        record = store.record(entry["key"]) if entry.get("step") == "average" and entry.get("key") else None
        inputs = record["inputs"] if record else {}
        if inputs.get("part") == "test" and inputs["member"]["artifact"] == member.member.name:
            artifact = Artifact.of_record(record or {})
            if artifact and store.is_whole(artifact):
                return artifact
    return None


def chosen_ids(
    competition: str, member: ExplainedMember, ids: Sequence[str], part: str | None, test: Artifact | None
) -> dict[str, list[str]]:
    """The ids to explain, by the names of `PARTS`: those given, else the most telling records.

    Args:
        part: where they are; None: in whichever part has them, test records first.
        test: the member's scores of the test records; None where the store does not have them.

    Raises:
        InvalidSettings: the part is not in the store, or ids are in none of the parts.
    """
    names = [part] if part else list(PARTS)
    present = [name for name in names if PARTS[name] in member.parts]
    if not present:
        expected = ", ".join(name for name, each in PARTS.items() if each in member.parts)
        raise InvalidSettings(f"--part: expected one of {expected}, whose records are known, received {part}")
    if not ids:
        return _telling(competition, member, present, test)
    return _with_ids(competition, member, ids, present)


def _telling(
    competition: str, member: ExplainedMember, names: Sequence[str], test: Artifact | None
) -> dict[str, list[str]]:
    """The most unsure test records, and the worst mistakes out of fold."""
    explainer, found = find(competition).explainer, dict[str, list[str]]()
    summary = json.loads((member.blend.path / "blend.json").read_text("utf-8"))
    decision = summary["members_decision"].get(member.name)
    if "test" in names and test is not None:
        scores = prediction_files.read(test.path, "test")._replace(decision=decision)
        found["test"] = [scores.ids[place] for place in explainer.unsure(scores)[:CHOSEN]]
    if "oof" in names:
        scores = prediction_files.read(member.member.path, "out_of_fold")._replace(decision=decision)
        places = explainer.worst(part_folders(member.parts["train"]), scores)[:CHOSEN]
        found["oof"] = [scores.ids[place] for place in places]
    if not any(found.values()):
        raise InvalidSettings("explain: expected ids of records; nothing was answered wrongly or is unsure")
    return {name: each for name, each in found.items() if each}


def _with_ids(
    competition: str, member: ExplainedMember, ids: Sequence[str], names: Sequence[str]
) -> dict[str, list[str]]:
    known = {
        name: set(find(competition).ids(part_folders(member.parts[PARTS[name]]), PARTS[name]))
        for name in names
    }
    found: dict[str, list[str]] = {}
    for id in dict.fromkeys(ids):
        name = next((each for each in names if id in known[each]), None)
        if name is None:
            every = sorted(each for of_part in known.values() for each in of_part)
            where = " or ".join(names)
            raise InvalidSettings(
                f"ids: expected ids of {where} records, such as {printable(', '.join(every[:3]))}; received "
                f"{id!r}{suggestion(id, every)}"
            )
        found.setdefault(name, []).append(id)
    return found


def explanations(
    competition: str, config: Any, member: ExplainedMember, ids: Mapping[str, Sequence[str]]
) -> list[Explanation]:
    """Why the member answers these records, computed in a child process unless that is cached."""
    by_part = {PARTS[name]: list(each) for name, each in ids.items()}
    needed = {each.name: each for part in by_part for each in member.parts[part]}
    arguments = explain.bind(
        competition,
        member.recipe.for_prediction(),
        list(needed.values()),
        member.folds,
        member.member,
        member.models,
        member.blend,
        name=member.name,
        ids=by_part,
        of=f"{sum(map(len, by_part.values()))} records",
        seed=config.seed,
        run=config.run,
    )
    names = find(competition).explainer.shown(config.model_dump(mode="json"))
    return renamed(read(explain.execute(arguments).result.path), names)


def write_page(folder: Path, submission: str, member: str, found: Sequence[Explanation]) -> Path:
    """Write `<member>.html` and the pictures of photographs to a folder; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    of_part: dict[str, str] = {part: name for name, part in PARTS.items()}
    sections = []
    for part in dict.fromkeys(each.part for each in found):
        of_records = [each for each in found if each.part == part]
        sections.append(explanation_section(TITLES[of_part[part]], of_records, member=member))
    file = folder / f"{member}.html"
    title = f"Why {member} answers so"
    write_atomically(file, page.render(title, submission, sections).encode())
    for each in found:
        for number, (name, picture) in enumerate(pictures(each)):
            stem = "-".join(_plain(text) for text in (member, each.part, each.id, str(number), name))
            write_atomically(folder / f"{stem}.png", png(picture))
    return file


def _plain(text: str) -> str:
    """A text as part of a file's name."""
    return re.sub(r"[^\w.]+", "_", text)[:60] or "_"
