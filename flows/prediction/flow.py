"""DAG: models of an earlier submission → a submission for other test files; nothing is trained.

load test → (encode →) predict → average, for each member with a weight → combine → decode → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.members.member_provenance import note_steps
from flows.prediction.ensemble import Ensemble, ensemble_of
from flows.runtime.await_steps import await_steps
from flows.training.dataset import load_part, wait_for_parts
from flows.training.part_scores import PartScores
from tasks.combine import combine
from tasks.compare import compare
from tasks.core import locations
from tasks.core.cache.store import Store
from tasks.core.context import run_id
from tasks.core.settings.resolve import resolve
from tasks.core.submissions.submissions import find_submission
from tasks.decode import decode
from tasks.report_prediction import report_prediction
from tasks.submit import submit


@flow(
    name="predict",
    description="Answer other test files with the models of an earlier submission; nothing is trained.",
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
)
def prediction(
    competition: str, submission: str, overrides: list[str] | None = None, name: str = "predict"
) -> dict[str, Any]:
    """From test files and an earlier submission to a checked submission with its report.

    Args:
        competition: its name, as `podium list` shows it.
        submission: the folder of the earlier submission, or a part of its name that is unique.
        overrides: settings to change, such as `data.root=~/final`.
        name: ends the name of the new submission's folder.
    """
    source = find_submission(locations.submissions_folder(), submission, competition=competition)
    config: Any = resolve(competition, overrides=overrides or (), submission=submission)
    config = config.model_copy(update={"run": config.run.model_copy(update={"name": name})})
    ensemble = ensemble_of(source, type(config))
    changes = "".join(f" --set {each}" for each in overrides or ())
    command = f"podium predict {{competition}} --from {source.folder.name}{changes}"
    return predict_test(competition, config, ensemble, source.name, command)


@await_steps
def predict_test(competition: str, config: Any, ensemble: Ensemble, source: str, command: str) -> Any:
    """The steps; a future of what the last one, `report_prediction`, returns."""
    known = ensemble.artifacts() + ([ensemble.validation] if ensemble.validation else [])
    note_steps(known, run=run_id() or "", omitted=())
    test = load_part(competition, config.data, "test")
    wait_for_parts({"test": test})
    steps = PartScores(competition, "test", [test, ensemble.common], config.seed, config.run)
    scores = {
        name: steps.averaged(name, each.member, steps.predictions(each.recipe, each.models))
        for name, each in ensemble.members.items()
    }
    combined = combine.submit(competition, ensemble.blend, scores, part="test")
    file = decode.submit(competition, steps.dataset, ensemble.blend, combined)
    described = ensemble.described()
    folder = submit.submit(
        competition, config, steps.dataset, described, file, config.run.name, command=command
    )
    comparison = None
    if Store.current().is_whole(ensemble.train):
        comparison = compare.submit(competition, [ensemble.train, test, ensemble.common])
    return report_prediction.submit(
        competition,
        config,
        steps.dataset,
        ensemble.blend,
        {name: each.member for name, each in ensemble.members.items()},
        scores,
        folder,
        source=source,
        comparison=comparison,
    )
