"""Members' scores in files for other programs: triples as they are submitted, each with its score."""

from typing import Any

from tasks.core.dataset import Dataset
from tasks.extraction import dataset as files
from tasks.extraction.records import file_of, normal_name, triple_of
from tasks.learning.ensemble.candidates import key
from tasks.text.candidate_files import CandidateForm
from tasks.text.dataset_files import PARTS
from tasks.text.validation.json_lines import Mismatch, described, names, wrong_text

STRINGS = ("subject", "predicate", "object")
TYPES = ("subject_type", "object_type")
KEYS = (*STRINGS, *TYPES)


def member_form(dataset: Dataset) -> CandidateForm:
    """Lines `{"id", "text", "spo_list": [{"subject", "predicate", "object", …, "score"}]}`.

    Types are written as of the predicate's first row in the schema; when read they may be left out. Triples
    of predicates that a training file never labels are left out of its sentences.
    """
    rows: dict[str, list[tuple[str, str]]] = {}
    for row in files.schema(dataset):
        rows.setdefault(row["predicate"], []).append((row["subject_type"], row["object_type"]))

    def to_json(id: str, candidate: str) -> dict[str, Any]:
        triple = triple_of(candidate)
        return dict(zip(STRINGS, triple, strict=True)) | dict(zip(TYPES, rows[triple[1]][0], strict=True))

    def from_json(id: str, value: dict[str, Any]) -> str | list[Mismatch]:
        return _wrong(value, rows) or key([value[name] for name in STRINGS])

    parts = [part for part in PARTS if (dataset / f"{part}.jsonl").is_file()]
    texts = {record.id: record.text for part in parts for record in files.stream(dataset, part)}
    unlabelled = files.unlabelled(dataset) if "train" in parts else {}

    def can_be_judged(id: str, candidate: str) -> bool:
        return triple_of(candidate)[1] not in unlabelled.get(file_of(id), ())

    return CandidateForm("spo_list", to_json, from_json, texts, can_be_judged=can_be_judged)


def _wrong(value: dict[str, Any], rows: dict[str, list[tuple[str, str]]]) -> list[Mismatch]:
    """All that is wrong with a triple; the rows of the schema by predicate."""
    wrong = [found for name in STRINGS for found in wrong_text(value, name, keys=KEYS)]
    if unknown := [name for name in value if name not in KEYS]:
        wrong.append(Mismatch(f"no keys but {names(KEYS)}", names(unknown)))
    if wrong:
        return wrong
    for name in ("subject", "object"):
        if not normal_name(value[name]).strip():
            wrong.append(
                Mismatch(f'a name as "{name}"', f"{described(value[name])}, which is empty to the scorer")
            )
    if value["predicate"] not in rows:
        return [*wrong, Mismatch("a predicate of the schema", described(value["predicate"]))]
    given = tuple(value.get(name) for name in TYPES)
    fitting = (
        all(mine in (None, its) for mine, its in zip(given, row, strict=True))
        for row in rows[value["predicate"]]
    )
    if not any(fitting):
        expected = f"types of a schema row of {described(value['predicate'])}"
        wrong.append(Mismatch(expected, " and ".join(map(described, given))))
    return wrong
