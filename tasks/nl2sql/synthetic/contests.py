"""Kinds of contests that the demo writes: how often questions ask for what others never ask for."""

from typing import NamedTuple


class Contest(NamedTuple):
    """Shares of unusual questions, 0 to 1."""

    two_columns: float
    """Of questions with conditions: they ask for two columns."""
    of_rows_too: bool = False
    """Whether questions that name their rows ask for two columns as often."""
    unconditional: float = 0.0
    """Of questions with conditions: they have none instead."""
    on_selected: float = 0.0
    """Of questions with conditions: they ask for a column that has one."""
    text_by_size: float = 0.0
    """Of conditions on years and dates, which are text: they ask for what is later or earlier."""
    numbers_as_text: float = 0.0
    """Of columns of numbers: they are text, as where a file's types were guessed from some odd cells."""


CONTESTS = {
    "standard": Contest(two_columns=0.04),
    "varied": Contest(
        two_columns=0.14,
        of_rows_too=True,
        unconditional=0.12,
        on_selected=0.2,
        text_by_size=0.9,
        numbers_as_text=0.8,
    ),
}
"""`standard`: about as the questions of ESQL and RETQA; `varied`: two columns are asked for a little more
often than in TableQA (10 to 12 % of its questions), most numbers are text, and the rest is as unusual."""
