"""`podium bundle`: a submission's models in one archive that predicts anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import SubmissionName
from flows.console import inform, say
from tasks.core import locations
from tasks.core.errors import InvalidSettings
from tasks.core.report.formatting import counted

Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The archive to write.")]
Wheels = Annotated[
    bool,
    typer.Option("--wheels", help="Add the required distributions, for machines without a network."),
]

Float16 = Annotated[
    bool,
    typer.Option("--float16", help="Round weights to half the size, and say what that changes."),
]


def bundle(
    submission: SubmissionName, output: Output, wheels: Wheels = False, float16: Float16 = False
) -> None:
    """Write an archive with which other test files are predicted on machines without Podium.

    It holds settings, weights, vocabularies and code, and `predict.py INPUT OUTPUT [--time-limit 30m]`.
    """
    from flows.bundling.build import build
    from flows.bundling.rounding import rounded
    from flows.prediction.ensemble import ensemble_of
    from tasks.core.settings.resolve import resolve
    from tasks.core.submissions.submissions import find_submission

    if output.suffix != ".zip" or not output.absolute().parent.is_dir():
        raise InvalidSettings(
            f"--output: expected a file that ends .zip in a folder that exists, received {output}"
        )
    source = find_submission(locations.submissions_folder(), submission)
    competition = str(source.provenance["competition"])
    config = resolve(competition, submission=str(source.folder))
    ensemble, rounding = ensemble_of(source, type(config)), None
    if float16:
        ensemble, measured = rounded(competition, config, ensemble)
        inform(measured.text())
        rounding = measured.summary()
    written = build(source, config, ensemble, output, with_wheels=wheels, rounding=rounding)
    manifest = written.manifest
    models = sum(len(member.models) for member in manifest.members)
    say(
        f"{output}: {written.size / 1e6:,.1f} MB, {counted(models, 'model')} of "
        f"{counted(len(manifest.members), 'member')}, {counted(len(manifest.code), 'module')}, "
        f"{counted(len(manifest.requirements), 'requirement')}"
    )
    inform(f"predict with: unzip {output} -d bundle && python bundle/predict.py INPUT OUTPUT")
