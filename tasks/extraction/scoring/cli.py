"""The contest's scorer as a program: labels and a prediction in files, one dictionary with the scores.

    {"errorCode": 0, "errorMsg": "success", "data": [{"name": "precision", "value": .5}, …]}

Codes, messages and names are those of the published scorer. Where that stops with a traceback (missing
labels, an encrypted member, a predicate that is a list), the code nearest in meaning is returned.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tasks.extraction.records import Triple
from tasks.extraction.scoring.dictionaries import dictionary
from tasks.extraction.scoring.triples import Mode, Sentence, UnknownText, evaluate

UNREADABLE, NOT_UTF8, NOT_JSON, NOT_TRIPLES, UNKNOWN_TEXT = 1, 2, 3, 4, 5
MESSAGES = (
    "success",
    "file_reading_error",
    "encoding_error",
    "json_parse_error",
    "schema_error",
    "input_text_not_in_dataset",
)


class _ScorerError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


def score_files(
    golden: Path,
    prediction: Path,
    *,
    alias: Path | None = None,
    location: Path | None = None,
    mode: Mode = "official",
) -> dict[str, Any]:
    """Score a zip, every member of which holds JSON lines, against labels in a file of JSON lines.

    Official scores are rounded to 4 decimals. Only `strict` returns code 5, for a text not labelled.
    """
    try:
        places, names = _dictionary(location), _dictionary(alias)
        gold = [_sentence(line) for line in _file_lines(golden)]
        predicted = [_sentence(line) for line in _zip_lines(prediction)]
        counts = evaluate(gold, predicted, alias=names, location=places, mode=mode)
    except _ScorerError as error:
        return {"errorCode": error.code, "errorMsg": MESSAGES[error.code]}
    except UnknownText:
        return {"errorCode": UNKNOWN_TEXT, "errorMsg": MESSAGES[UNKNOWN_TEXT]}
    scores = counts.rounded() if mode == "official" else (counts.precision, counts.recall, counts.f1)
    named = zip(("precision", "recall", "f1-score"), scores, strict=True)
    data = [{"name": name, "value": value} for name, value in named]
    return {"errorCode": 0, "errorMsg": MESSAGES[0], "data": data}


def _file_lines(file: Path) -> Iterator[bytes]:
    try:
        content = file.read_bytes()
    except OSError:
        raise _ScorerError(UNREADABLE) from None
    return _lines(content)


def _zip_lines(file: Path) -> Iterator[bytes]:
    """Yield the lines of all members in the order of the archive; one member is in memory at a time."""
    try:
        archive = zipfile.ZipFile(file)
    except Exception:
        raise _ScorerError(UNREADABLE) from None
    with archive:
        for member in archive.namelist():
            try:
                content = archive.read(member)
            except Exception:
                # encrypted, damaged, of unknown compression: each raises another type
                raise _ScorerError(UNREADABLE) from None
            yield from _lines(content)


def _lines(content: bytes) -> Iterator[bytes]:
    """Split at line feeds alone: a sentence may contain any other separator."""
    lines = content.split(b"\n")
    return iter(lines if lines[-1] else lines[:-1])


def _sentence(line: bytes) -> Sentence:
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise _ScorerError(NOT_UTF8) from None
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        raise _ScorerError(NOT_JSON) from None
    try:
        return _hashable(entry["text"]), list(_triples(entry["spo_list"]))
    except (KeyError, TypeError):
        raise _ScorerError(NOT_TRIPLES) from None


def _triples(items: Iterable[Any]) -> Iterator[Triple]:
    for item in items:
        subject, predicate, object = item["subject"], item["predicate"], item["object"]
        if not isinstance(subject, str) or not isinstance(object, str):
            raise TypeError("expected strings")
        yield subject, _hashable(predicate), object


def _hashable(value: Any) -> Any:
    """The scorer needs texts and predicates to be hashable only, not to be strings."""
    hash(value)
    return value


def _dictionary(file: Path | None) -> dict[str, list[str]]:
    if file is None:
        return {}
    try:
        return dictionary([line.decode("utf-8") for line in _file_lines(file)])
    except UnicodeDecodeError:
        raise _ScorerError(UNREADABLE) from None
