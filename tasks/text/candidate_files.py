"""Members' scored candidates as JSON lines for other programs, in the form of the competition's submission.

A line is `{"id", <list>: [{…, "score"}, …]}` for a record; `part`, `fold`, the record's `text` and, of a
candidate, whether it is `right` may be there too. In place of its id a record may be named by its text.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.cache.store import write_atomically
from tasks.core.competition import Scores
from tasks.core.errors import InvalidData, Problem
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.member_files.records import (
    ExpectedRecords,
    ExportedPart,
    FileProblems,
    RecordMatcher,
    check_file,
    check_suffix,
    probability_problem,
)
from tasks.text.validation.json_lines import Mismatch, described, missing, names, objects

SCORE, RIGHT = "score", "right"
OWN = ("id", "text", "part", "fold")
LONGEST_LINE_BYTES = 1 << 24
"""A record may have hundreds of candidates."""


class CandidateForm(NamedTuple):
    """A `tasks.learning.ensemble.member_files.records.MemberForm` of candidates."""

    list_name: str
    """Key of a record's list of candidates."""
    to_json: Callable[[str, str], dict[str, Any]]
    """(id, key): a candidate as it is submitted."""
    from_json: Callable[[str, dict[str, Any]], str | list[Mismatch]]
    """(id, what is submitted): the candidate's key, or all that is wrong with it."""
    texts: Mapping[str, str] = {}
    """Text by id, where records can be named by it."""
    suffixes: tuple[str, ...] = (".jsonl", ".json")
    can_be_judged: Callable[[str, str], bool] = lambda id, key: True
    """(id, key): whether labels tell if the candidate is right; when read, others are left out."""

    def write(self, file: Path, parts: Sequence[ExportedPart]) -> None:
        """Write a line for each record; scores read back the same to the bit.

        Raises:
            InvalidData: the file's name has another ending.
        """
        check_suffix(file, self.suffixes)
        lines = (json.dumps(line, ensure_ascii=False) for part in parts for line in self._lines(part))
        write_atomically(file.absolute(), "".join(f"{line}\n" for line in lines).encode())

    def nothing(self) -> Scores:
        """Scores of no records."""
        return Scores([], Candidates.of([]))

    def _lines(self, part: ExportedPart) -> Iterator[dict[str, Any]]:
        starts = part.scores.values.frame.starts.tolist()
        for row, (id, record) in enumerate(zip(part.scores.ids, part.scores.values.records(), strict=True)):
            text = {"text": self.texts[id]} if id in self.texts else {}
            fold = {} if part.folds is None else {"fold": int(part.folds[row])}
            # nine digits tell any two float32 numbers apart
            entries = [self.to_json(id, key) | {SCORE: float(f"{record[key]:.9g}")} for key in record]
            if part.truth is not None:
                for entry, right in zip(entries, part.truth[starts[row] :].tolist(), strict=False):
                    entry[RIGHT] = bool(right)
            yield {"id": id, **text, "part": part.part, **fold, self.list_name: entries}

    def read(self, file: Path, expected: ExpectedRecords) -> Scores:
        """The expected records' candidates, in their order.

        Raises:
            InvalidData: ids are missing, doubled or unknown, candidates are of another form, or scores are no
                probabilities.
        """
        check_file(file, self.suffixes)
        broken, problems = list[Problem](), FileProblems(file)
        matcher, reader = RecordMatcher(expected, problems), _LineReader(self, expected.ids, problems)
        records: list[dict[str, float]] = [{} for _ in expected.ids]
        for line, value in objects(file, broken, longest=LONGEST_LINE_BYTES):
            if not matcher.is_of_part(value.get("part"), line) or (id := reader.id_of(value, line)) is None:
                continue
            row = matcher.row(id, line, fold=value.get("fold"))
            if row is not None:
                records[row] = reader.candidates(id, value, line)
        if not broken:
            matcher.note_missing()
        if broken or problems:
            raise InvalidData([*broken, *problems.listed()])
        return Scores(expected.ids, Candidates.of(records))


class _LineReader:
    """Reads the candidates of lines, and notes what is wrong."""

    def __init__(self, form: CandidateForm, ids: Sequence[str], problems: FileProblems) -> None:
        self._form, self._problems = form, problems
        self._ids: dict[str, list[str]] = {}
        for id in ids:
            if id in form.texts:
                self._ids.setdefault(form.texts[id], []).append(id)

    def id_of(self, value: dict[str, Any], line: int) -> Any:
        """The id in a line, or that of its text; None, and a problem, if there is none."""
        if "id" in value:
            if value["id"] is None:
                self._problems.add("line", line, "text as id", "null")
            return value["id"]
        if not self._form.texts or "text" not in value:
            keys = (*OWN, self._form.list_name)
            self._problems.add("line", line, *missing(value, "id", keys=keys))
            return None
        text = value["text"]
        found = self._ids.get(text, []) if isinstance(text, str) else []
        if len(found) != 1:
            expected = (
                "an id, as several records have this text" if found else "the text of one of the records"
            )
            self._problems.add("line", line, expected, described(text))
            return None
        return found[0]

    def candidates(self, id: str, value: dict[str, Any], line: int) -> dict[str, float]:
        """Scores by key of the candidates in a line."""
        name = self._form.list_name
        if unknown := [key for key in value if key not in (*OWN, name)]:
            expected = f"no keys but {names((*OWN, name))}"
            self._problems.add("unknown key", line, expected, names(unknown))
        text = self._form.texts.get(id)
        if text is not None and value.get("text", text) != text:
            self._problems.add(
                "text", line, f"the text of {id!r}, {described(text)}", described(value["text"])
            )
        if name not in value:
            self._problems.add("list", line, *missing(value, name, keys=(*OWN, name)))
            return {}
        if not isinstance(entries := value[name], list):
            self._problems.add("list", line, f'a list as "{name}"', described(entries))
            return {}
        scores: dict[str, float] = {}
        for number, entry in enumerate(entries, start=1):
            self._add(scores, id, entry, line, f"{name} {number}")
        return {key: score for key, score in scores.items() if self._form.can_be_judged(id, key)}

    def _add(self, scores: dict[str, float], id: str, entry: Any, line: int, place: str) -> None:
        if not isinstance(entry, dict):
            self._problems.add("candidate", line, f"an object as {place}", described(entry))
            return
        rest = {key: value for key, value in entry.items() if key not in (SCORE, RIGHT)}
        key, score = self._form.from_json(id, rest), self._score(entry, line, place)
        if not isinstance(key, str):
            for wrong in key:
                self._problems.add(
                    f"form: {wrong.expected}", line, f"{wrong.expected} in {place}", wrong.received
                )
        elif key in scores:
            self._problems.add("candidate twice", line, f"each candidate of {id!r} once", f"{key[:60]} again")
        elif score is not None:
            scores[key] = score

    def _score(self, entry: dict[str, Any], line: int, place: str) -> float | None:
        """The score as float32; None, and a problem, if it is no probability."""
        expected = f'a probability of 0 to 1 as "{SCORE}" of {place}'
        if SCORE not in entry:
            self._problems.add("no score", line, expected, "none")
            return None
        score = entry[SCORE]
        if isinstance(score, bool) or not isinstance(score, int | float):
            self._problems.add("score type", line, expected, described(score))
            return None
        large = isinstance(score, int) and abs(score) > 1  # may have more digits than a float
        if found := ("above 1", f"{score!r:.40}") if large else probability_problem(float(score)):
            self._problems.add(found[0], line, expected, found[1])
            return None
        return float(np.float32(score))
