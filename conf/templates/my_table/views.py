"""Views of the training records that are computed once and stored; this competition has none.

To fill in: only where `flow.py` asks for views (`validation.views`), such as features of augmented records
from a frozen network.
"""

from tasks.core.jobs import AugmentJob


def augment(job: AugmentJob) -> None:
    """Write one view of the training records to `job.output`; never called, as the flow asks for none.

    Raises:
        ValueError: always.
    """
    raise ValueError("my_table: expected no stored view, for flow.py asks for none")
