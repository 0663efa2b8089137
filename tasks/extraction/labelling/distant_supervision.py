"""Distant supervision: what other sentences say of the pairs of names found in a text.

A model is told of a candidate triple wherever a known subject and a known object of it stand in a text. For
the sentence that taught the triple this would be the answer itself, so two rules keep answers out:

* the knowledge of a fold is built from that fold's training sentences alone, never from its held-out ones;
* for a training sentence only candidates that *another* sentence states are given (`exclude`), so that a
  model meets them in training as sparse and as fallible as at prediction. Ids of one text are one sentence.

So both see the same: from 4,601 sentences, the candidates of other sentences find 5 % of their triples and
60 % of them are right; those of the sentences themselves find 5 %, 68 % of them right (without `exclude` all
triples, 97 %).

Names are compared after `normalise` and without enclosing 《》.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import ahocorasick

from tasks.extraction.labelling.mentions import LabelledTriple, label, without_brackets
from tasks.extraction.records import Record, Triple
from tasks.text.normalisation import normalise

Support = dict[str, set[int]]
"""Predicate to the numbers of the sentences that state it."""


class Knowledge(NamedTuple):
    """The triples of a training part, ready to be found in texts."""

    predicates: Mapping[str, int]
    support: Mapping[str, Mapping[str, Support]]
    """Subject, then object, then predicate, to the sentences that state the triple."""
    sentences: Mapping[str, int]
    """Id of a record to the number of its sentence."""
    subjects: Any
    """Automaton over all subjects."""
    objects: Any
    """Automaton over all objects."""

    @classmethod
    def of(cls, records: Iterable[Record], predicates: Mapping[str, int]) -> "Knowledge":
        """What the records state; `predicates` gives each predicate its index."""
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

    def channels(self, text: str, exclude: str | None = None) -> list[LabelledTriple]:
        """Candidate triples of the text, placed as labels are.

        `exclude` is the id of the text's own record: its own triples count only if another sentence has
        them too. An id that the knowledge was not built from excludes nothing.
        """
        return list(label(text, self.candidates(text, exclude), self.predicates).triples)

    def candidates(self, text: str, exclude: str | None = None) -> dict[Triple, int]:
        """Candidate triples in normalised strings, each with the number of sentences that state it."""
        text = normalise(text)
        objects = _found(self.objects, text)
        own = {self.sentences.get(exclude or "")}
        return {
            (subject, predicate, object_): len(sentences - own)
            for subject in _found(self.subjects, text)
            for object_ in objects
            for predicate, sentences in self.support[subject].get(object_, {}).items()
            if sentences - own
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


def _found(automaton: Any, text: str) -> list[str]:
    """Distinct names in the text, by where they first end."""
    if not len(automaton):  # an empty one cannot be searched
        return []
    return list(dict.fromkeys(name for _, name in automaton.iter(text)))
