"""What a report says of queries beyond scores: parts, classes of questions and tables, mistakes, candidates.

Out of fold no question was answered by a model that had learned its table; beside stands what the blend
answers on the validation part, if there is one.
"""

from tasks.core.page import Material, Section
from tasks.learning.sections import notes
from tasks.nl2sql import breakdown, classes, confusions, considered, mistakes, outcome


def sections(material: Material) -> list[Section]:
    """The competition's own sections, in reading order.

    Raises:
        ValueError: the blend's records are not the dataset's, or stand in another order.
    """
    found = outcome.of_material(material)
    learned = found[0]
    told = [
        breakdown.totals(found),
        breakdown.by_subtask(found),
        breakdown.by_classes("Scores by label", classes.by_label(found), found),
        breakdown.by_classes("Scores by table", classes.by_table(found), found),
        confusions.confusions(learned),
        considered.candidates(found),
        considered.votes(material, learned),
        mistakes.mistakes(learned),
        mistakes.other_ways(learned),
        notes(material.dataset),
    ]
    return [section for section in told if section.blocks]
