"""What models read of the records, as far as no training changes it; here they read the images themselves.

To fill in: features of a frozen pretrained network (`tasks.learning.pretrained`), computed once for all
folds; name the settings that decide them in `Recipe.encodings`.
"""

from tasks.core.jobs import EncodeJob


def encode(job: EncodeJob) -> None:
    """Write one view of a part's records to `job.output`; never called, as recipes name no encodings.

    Raises:
        ValueError: always.
    """
    raise ValueError("my_images: expected no encoding, for networks read the images themselves")
