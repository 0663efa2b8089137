"""Distant supervision: triples that other sentences state of the names in a text.

A triple is a candidate wherever a text holds its subject and its object. For the sentence that states the
triple this would be the label itself, so two rules keep labels out:

* the known triples of a fold come from that fold's training sentences alone, never from its held-out ones;
* for a training sentence only triples that *another* sentence states are candidates (`exclude`), so that
  candidates are as sparse and as unreliable in training as at prediction. Ids of one text are one sentence.

Training and prediction see much the same: from 4,601 sentences, the candidates of other sentences contain
5 % of their triples, and 60 % of the candidates are right; those of the sentences themselves contain 5 %, and
68 % are right (without `exclude` all triples, and 97 % are right).

Names are compared after `normalise` and without enclosing 《》.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import ahocorasick

from tasks.extraction.labelling.mentions import LabelledTriple, label, without_brackets
from tasks.extraction.records import Record, Triple
from tasks.text.normalisation import normalise

Support = dict[str, set[int]]
"""Predicate → numbers of the sentences that state it."""


class KnownTriples(NamedTuple):
    """The triples of training sentences, indexed for the search in texts."""

    predicates: Mapping[str, int]
    support: Mapping[str, Mapping[str, Support]]
    """Subject → object → predicate → sentences that state the triple."""
    sentences: Mapping[str, int]
    """Id of a record → number of its sentence."""
    subjects: Any
    """Automaton over all subjects."""
    objects: Any
    """Automaton over all objects."""

    @classmethod
    def of(cls, records: Iterable[Record], predicates: Mapping[str, int]) -> "KnownTriples":
        """The triples of the records; `predicates` gives each predicate its index."""
        support: dict[str, dict[str, Support]] = {}
        sentences: dict[str, int] = {}
        numbers: dict[str, int] = {}
        for record in records:
            number = sentences[record.id] = numbers.setdefault(record.text, len(numbers))
            for subject, predicate, object_ in record.triples:
                by_predicate = support.setdefault(_name(subject), {}).setdefault(_name(object_), {})
                by_predicate.setdefault(predicate, set()).add(number)
        objects = {object_ for by_object in support.values() for object_ in by_object}
        return cls(predicates, support, sentences, _automaton(support), _automaton(objects))

    def labels(self, text: str, exclude: str | None = None) -> list[LabelledTriple]:
        """Candidate triples of the text, with spans found as those of labels are.

        `exclude` is the id of the text's own record: its triples count only if another sentence states them
        too. The id of any other record excludes nothing.
        """
        return list(label(text, self.candidates(text, exclude), self.predicates).triples)

    def candidates(self, text: str, exclude: str | None = None) -> dict[Triple, int]:
        """Candidate triples in normalised strings, each with the number of sentences that state it."""
        text = normalise(text)
        objects = _names_in(self.objects, text)
        excluded = {self.sentences.get(exclude or "")}
        return {
            (subject, predicate, object_): len(sentences - excluded)
            for subject in _names_in(self.subjects, text)
            for object_ in objects
            for predicate, sentences in self.support[subject].get(object_, {}).items()
            if sentences - excluded
        }


def _name(entity: str) -> str:
    return without_brackets(normalise(entity).strip()).strip()


def _automaton(names: Iterable[str]) -> Any:
    automaton = ahocorasick.Automaton()
    for name in names:
        if name:
            automaton.add_word(name, name)
    automaton.make_automaton()
    return automaton


def _names_in(automaton: Any, text: str) -> list[str]:
    """Distinct names in the text, by where they first end."""
    if not len(automaton):  # an empty one cannot be searched
        return []
    return list(dict.fromkeys(name for _, name in automaton.iter(text)))
