"""Names of breeds, for people: from `breeds.csv` beside the photographs, where there is one.

The competition's files do not name the breeds. No result rests on the names, only what the report shows.
"""

import csv
import logging
from contextlib import suppress

from tasks.core.errors import UserError
from tasks.core.files.stored_files import Damaged, file_bytes
from tasks.core.locations import expand_setting

FILE = "breeds.csv"
MOST_BYTES = 1_000_000
LONGEST_NAME = 40
_log = logging.getLogger("podium")


def breed_names(root: str) -> dict[int, str]:
    """Names by label, of the lines of `breeds.csv` in the data folder that have both; empty without the file.

    Its first line names the columns, `label` and `breed` among them. A file that cannot be read is logged.
    """
    try:
        text = file_bytes(expand_setting("data.root", root) / FILE, MOST_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (Damaged, OSError, UserError, ValueError) as error:
        _log.warning("%s: expected a table of label and breed in UTF-8, received %s", FILE, error)
        return {}
    names = {}
    with suppress(csv.Error):
        for row in csv.DictReader(text.splitlines()):
            label, name = row.get("label") or "", " ".join((row.get("breed") or "").replace("_", " ").split())
            if label.strip().isdecimal() and len(label) < 10 and name:
                names[int(label)] = name[:LONGEST_NAME]
    return names


def shown_breeds(labels: list[int], root: str) -> list[int | str]:
    """How a report shows the breeds of these labels: `Norwegian elkhound (2)`, or the label alone."""
    names = breed_names(root)
    return [f"{names[label]} ({label})" if label in names else label for label in labels]
