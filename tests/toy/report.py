"""The toy has nothing to show."""

from typing import Any

from tasks.core.report.page import Material


def sections(material: Material) -> list[Any]:
    return []
