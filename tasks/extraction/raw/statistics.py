"""Counts and notes of the raw sentences of some parts; memory grows by a digest for each distinct text."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tasks.core.competition import Part
from tasks.extraction import overlap
from tasks.extraction.labelling.coverage import FileLabels, unlabelled_predicates
from tasks.extraction.raw.sentences import ParsedSentence
from tasks.extraction.records import Record, file_of
from tasks.text.dataset_files import PARTS
from tasks.text.normalisation import normalise, normalised_counts
from tasks.text.validation.raw_files import CONTROL, EMOJI, FirstEntries, Notes, length_quantiles

MESSAGES = {
    "not_found": "subjects and objects that do not occur in their text, whatever the case and width",
    "found_bare": "of these, those that occur once 《》 and white space are left out",
    "repeated_text": "texts that occur earlier in the same part; those of training share a fold",
    **overlap.MESSAGES,
    "repeated_triple": "triples that the same sentence states again, kept once",
    "no_triples": "training and validation sentences without a triple",
    "long": "sentences longer than data.longest, cut for the models",
    "short": "sentences shorter than 5 characters",
    "unjoined": "sentences whose postag does not join to the text, read without words",
    "mistyped": "triples whose types of subject and object are not those of the schema",
    "same": "triples whose subject is their object",
    "control": "sentences with control characters",
    "full_width": "sentences with full-width letters or digits",
    "emoji": "sentences with emoji",
    "labelled_test": "test sentences with a spo_list, ignored",
    "unseen": "predicates of the schema without a training sentence",
    "unlabelled": "predicates that a training file never labels, though the others do: unknown there",
}
"""Kinds of notes, in the order in which they are listed."""

_SHORT = 5
_PLAIN = re.compile(r"[《》\s]+")
_PATTERNS = {"control": CONTROL, "full_width": re.compile("[０-９Ａ-Ｚａ-ｚ]"), "emoji": EMOJI}


class SentenceStatistics:
    """Counts and examples; `add` expects every sentence of the parts, in the order of parts.

    Texts that occur in several of the parts are noted as `tasks.extraction.overlap` does.
    """

    def __init__(self, parts: Collection[Part], *, longest: int) -> None:
        self._parts = [part for part in PARTS if part in parts]
        self._longest = longest
        self._notes = Notes(MESSAGES)
        self._files: Counter[str] = Counter()
        self._sentences: Counter[Part] = Counter()
        self._predicates: dict[Part, Counter[str]] = {part: Counter() for part in PARTS}
        self._training_labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lengths: dict[Part, Counter[int]] = {part: Counter() for part in PARTS}
        self._characters: Counter[str] = Counter()
        self._texts: FirstEntries[str] = FirstEntries()

    def add(self, part: Part, sentence: ParsedSentence) -> None:
        """Count a sentence."""
        record = sentence.record
        file, predicates = file_of(record.id), [predicate for _, predicate, _ in record.triples]
        self._files[file] += 1
        self._sentences[part] += 1
        self._predicates[part].update(predicates)
        self._lengths[part][len(record.text)] += 1
        if part == "train":
            self._characters.update(record.text)
            self._training_labels[file].update(predicates)
        self._add_text(part, record)
        self._add_postag_and_labels(part, sentence)
        self._add_triples(record)

    def triples(self, part: Part) -> int:
        """How many triples the part's sentences state."""
        return self._predicates[part].total()

    def unlabelled(self) -> dict[str, dict[str, float]]:
        """Predicates that training files never label (`tasks.extraction.labelling.coverage`)."""
        return unlabelled_predicates(
            {file: FileLabels(self._files[file], labels) for file, labels in self._training_labels.items()}
        )

    def counts(self, known: Iterable[str]) -> dict[str, int]:
        """Sentences by part and file, triples, characters, lengths, and each predicate's triples by part."""
        counts: dict[str, int] = {part: self._sentences[part] for part in self._parts}
        counts |= {f"sentences of {stem}": number for stem, number in self._files.items()}
        stated = {part: self._predicates[part] for part in self._parts if part != "test"}
        counts |= {f"{part} triples": self.triples(part) for part in stated}
        if "train" in self._parts:
            counts["distinct training characters"] = len(self.normalised_characters())
        for part in self._parts:
            lengths = length_quantiles(self._lengths[part])
            counts |= {f"{part} {name}": length for name, length in lengths.items()}
        return counts | {
            f"{part} {predicate}": found[predicate] for predicate in known for part, found in stated.items()
        }

    def notes(
        self, known: Iterable[str], unlabelled: Mapping[str, Mapping[str, float]]
    ) -> list[dict[str, Any]]:
        """One for each kind that occurs: its count, and the first examples.

        Args:
            known: predicates of the schema.
            unlabelled: predicates that are unknown in the sentences of a file, with the labels expected.
        """
        for file, missing in unlabelled.items():
            for predicate, expected in missing.items():
                self._notes.add("unlabelled", f"{file}: {predicate}, of which {expected:,.0f} were expected")
        for predicate in known if "train" in self._parts else ():
            if not self._predicates["train"][predicate]:
                self._notes.add("unseen", predicate)
        return self._notes.listed()

    def normalised_characters(self) -> list[tuple[str, int]]:
        """Characters of the training texts with their counts, by falling count, then by code point."""
        return normalised_counts(self._characters)

    def _add_text(self, part: Part, record: Record) -> None:
        text, name = record.text, record.id
        if len(text) > self._longest:
            self._notes.add("long", f"{name}: {len(text):,} characters")
        if len(text) < _SHORT:
            self._notes.add("short", f"{name}: {text}")
        self._notes.add_matches(name, text, _PATTERNS)
        first, earlier = self._texts.add(part, overlap.text_digest(text), name)
        if first != name:
            self._notes.add("repeated_text", f"{name} and {first}")
        if earlier:
            self._notes.add(f"{part}_leak", f"{name} and {earlier}")

    def _add_postag_and_labels(self, part: Part, sentence: ParsedSentence) -> None:
        record = sentence.record
        if sentence.unjoined:
            self._notes.add("unjoined", record.id)
        if part == "test" and sentence.labelled:
            self._notes.add("labelled_test", record.id)
        if part != "test" and not record.triples:
            self._notes.add("no_triples", record.id)
        for triple in sentence.repeated:
            self._notes.add("repeated_triple", f"{record.id}: {', '.join(triple)}")
        for types in sentence.mistyped:
            self._notes.add("mistyped", f"{record.id}: {types}")

    def _add_triples(self, record: Record) -> None:
        for subject, predicate, object_ in record.triples:
            if subject == object_:
                self._notes.add("same", f"{record.id}: {subject}, {predicate}")
            for entity in (subject, object_):
                # exact comparison settles nearly all, and costs a hundredth
                if entity not in record.text and normalise(entity) not in normalise(record.text):
                    self._notes.add("not_found", f"{record.id}: {entity}")
                    if _bare(entity) in _bare(record.text):
                        self._notes.add("found_bare", f"{record.id}: {entity}")


def _bare(text: str) -> str:
    return _PLAIN.sub("", normalise(text))
