"""Sections of the report about this competition alone; scores, curves and settings are in every report.

To fill in: further sections, of `material.blended` (out-of-fold scores) and `material.dataset`.
"""

from typing import Any

from tasks.core.report.page import Material


def sections(material: Material) -> list[Any]:
    """The sections in reading order."""
    from tasks.learning.report.sections import notes

    return [notes(material.dataset)]
