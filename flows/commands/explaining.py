"""`podium explain`: what a submission's networks looked at when they answered."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.commands.options import SubmissionName
from flows.console import inform, say, show_logs
from flows.runtime.preflight import check_machine, check_named
from tasks.core import locations

Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[IDS]...",
        help="Ids of records; by default the most unsure test records and the worst mistakes out of fold.",
    ),
]
MemberOption = Annotated[
    str | None, typer.Option("--member", help="A member by name; by default the one with the largest weight.")
]
PartOption = Annotated[
    Literal["test", "oof", "validation"] | None,
    typer.Option("--part", help="Where the records are; oof: training records, by models without them."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FOLDER", help="By default `explained` beside the submission."),
]


def explain(
    submission: SubmissionName,
    ids: Ids = None,
    member: MemberOption = None,
    part: PartOption = None,
    output: Output = None,
) -> None:
    """Show why a member answers records as it does: heat maps on photographs, characters by their weight.

    Writes one page and, of photographs, the pictures. The weights are integrated gradients: they add up to
    the difference between what the networks say to the record and to a blank one.
    """
    from flows.prediction import explanation
    from tasks.core.settings.resolve import resolve
    from tasks.core.submissions.submissions import find_submission

    source = find_submission(locations.submissions_folder(), submission)
    competition = str(source.provenance["competition"])
    config = resolve(competition, submission=str(source.folder))
    found = explanation.explained_member(source, type(config), member)
    check_named(found.recipe)
    check_machine()
    show_logs()
    scores = explanation.test_scores(source, found)
    chosen = explanation.chosen_ids(competition, found, ids or (), part, scores)
    explained = explanation.explanations(competition, config, found, chosen)
    folder = output or source.folder / "explained"
    file = explanation.write_page(folder, source.name, found.name, explained)
    parts = ", ".join(f"{len(each)} {name}" for name, each in chosen.items())
    inform(f"member {found.name}, records: {parts}")
    say(file)
