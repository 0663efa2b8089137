"""The competition's sections of a report: scores by part of the query and by group, errors, candidates, and
what was learned from labels beside the networks.

Out-of-fold answers come from models that were not trained on the question's table; the blend's answers on the
validation part are shown beside them, if there is one.
"""

from tasks.core.report.page import Material, Section
from tasks.learning.report.sections import notes
from tasks.nl2sql.analysis import (
    breakdown,
    candidate_recall,
    confusion_tables,
    error_examples,
    evaluation,
    factor_table,
    wording_table,
)


def sections(material: Material) -> list[Section]:
    """The competition's own sections, in reading order.

    Raises:
        ValueError: the blend's records are not the dataset's, or are in another order.
    """
    parts = evaluation.of_material(material)
    out_of_fold = parts[0]
    further = [
        confusion_tables.confusions(out_of_fold),
        candidate_recall.candidates(parts),
        candidate_recall.votes(material, out_of_fold),
        error_examples.errors(out_of_fold),
        error_examples.equal_results(out_of_fold),
        factor_table.factors(list(material.models.values())),
        wording_table.learned_wording(list(material.models.values())),
        notes(material.dataset),
    ]
    return [*breakdown.overview(parts), *(section for section in further if section.blocks)]
