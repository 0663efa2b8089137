"""DAG: members of one architecture → a member with the mean of their weights; nothing is trained.

load → split; models of earlier runs → average_weights → predict, for each fold → gather
     → (encode → predict → average, for validation and test) → blend → combine → decode → submit → report

A greedy soup averages and predicts each candidate first, so that the choice rests on out-of-fold scores.
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.blending.soup_choice import Method, SoupChoice
from flows.blending.soup_ingredients import Ingredients
from flows.blending.soups import Soups
from flows.members.member_provenance import note_steps
from flows.runtime.await_steps import await_steps, results_of
from flows.training.cross_validation import CrossValidation
from flows.training.dataset import load_parts
from flows.training.finish import finish
from tasks.blend import evaluator_of
from tasks.core.context import run_id
from tasks.learning.ensemble.greedy_soup import Soup
from tasks.split import split


@flow(
    name="average",
    description="Make one member of the mean weights of others, and its submission.",
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
)
def averaging(
    competition: str, config: Any, ingredients: Ingredients, method: Method, command: str
) -> dict[str, Any]:
    """From cached members to a checked submission with its report; `soup` tells what was averaged.

    Where the greedy soup is the best ingredient alone, nothing is submitted, and `soup` is all there is.
    """
    parts = load_parts(competition, config.data)
    folds = split.submit(competition, parts.train, config.folds)
    results_of([parts.common, folds])
    validation = CrossValidation(competition, config, parts, folds)
    soups = Soups(validation, ingredients)
    evaluator = evaluator_of(competition, soups.train, getattr(config, "answers", None))
    choice = SoupChoice(soups, evaluator, ingredients)
    chosen = choice.chosen(method)
    summary = choice.summary(chosen, method)
    if soups.count(chosen) == 1:
        return {"soup": summary}
    return {**_submit(validation, soups, ingredients, chosen, summary, command), "soup": summary}


@await_steps
def _submit(
    validation: CrossValidation,
    soups: Soups,
    ingredients: Ingredients,
    chosen: Soup,
    summary: dict[str, Any],
    command: str,
) -> Any:
    """Make the soup a member and submit it; a future of what the last step, `report`, returns."""
    members = list(ingredients.members.values())
    averaged = [members[index] for index in chosen]
    known = [each.member for each in averaged]
    known += [model for each in averaged for of_fold in each.models for model in of_fold]
    note_steps(known, run=run_id() or "")
    member = soups.member(chosen)._replace(soup=summary)
    competition, config, parts, folds = validation
    return finish(competition, config, parts, folds, {ingredients.recipe.name: member}, command=command)
