"""What a report says of queries beyond scores: parts, classes of questions and tables, mistakes, candidates.

Out of fold no question was answered by a model that had learned its table; beside stands what the blend
answers on the validation part, if there is one.
"""

from tasks.core.report.page import Material, Section
from tasks.learning.report.sections import notes
from tasks.nl2sql.analysis import (
    breakdown,
    candidate_recall,
    confusion_tables,
    error_examples,
    evaluation,
    question_groups,
)


def sections(material: Material) -> list[Section]:
    """The competition's own sections, in reading order.

    Raises:
        ValueError: the blend's records are not the dataset's, or stand in another order.
    """
    found = evaluation.of_material(material)
    learned = found[0]
    told = [
        breakdown.totals(found),
        breakdown.by_subtask(found),
        breakdown.by_classes("Scores by label", question_groups.by_label(found), found),
        breakdown.by_classes("Scores by table", question_groups.by_table(found), found),
        confusion_tables.confusions(learned),
        candidate_recall.candidates(found),
        candidate_recall.votes(material, learned),
        error_examples.mistakes(learned),
        error_examples.other_ways(learned),
        notes(material.dataset),
    ]
    return [section for section in told if section.blocks]
