"""The network of a recipe with some real sentences: what it was trained as, subjects and objects in one."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from tasks.core.competition import method_module
from tasks.core.jobs import ExportJob
from tasks.extraction import dataset
from tasks.extraction.config import Recipe
from tasks.extraction.encode import segmented
from tasks.extraction.models.features import tokenized
from tasks.extraction.models.network import SentenceSizes
from tasks.extraction.models.training_knowledge import read_known, read_words
from tasks.extraction.records import Record
from tasks.learning.export.network import ExportedNetwork
from tasks.learning.seeds import generator
from tasks.text import dataset_files
from tasks.text.tokenization import Tokenizer

RECORDS = 4
"""Sentences of the batch."""
INPUTS = {
    "characters": "numbers of characters (characters.json): begin, the characters of a sentence "
    "(lower-case and half-width, or for a pretrained BERT as written, if it has them), end, then padding",
    "vectors": "the same for the vocabulary of the pretrained vectors (vectors.json)",
    "words": "for each character the number of the word that it stands in (words.json)",
    "word_vectors": "the same for the vocabulary of the pretrained word vectors (word_vectors.json)",
    "span": "first and last token of one subject in each sentence, whose objects are asked for",
    "distant": "for each token whether a name of a known triple of other sentences begins, or ends, here",
    "distant_objects": "the same for known objects of the span: begins of all predicates, then ends",
}
TAGS = {
    "subject": "log-probabilities that a subject begins, or ends, at each token",
    "object": "log-probabilities that an object of the span begins at each token for each predicate, then "
    "that it ends there: 2 · k columns for the k classes",
}
LINKS = (
    "factors of links between the {ends} of subjects and objects, k classes, n tokens: class p links token i "
    "to token j if row i at j, plus row n + p at i, plus row n + k + p at j, is above 0"
)
OUTPUTS = {
    "gplinker": {
        "entity": "scores of spans by first and last token as subjects, and as objects; above 0 they are",
        "head": LINKS.format(ends="first tokens"),
        "tail": LINKS.format(ends="last tokens"),
    },
    "pointer": TAGS,
    "casrel": TAGS,
}
"""By method."""
SPANS = (
    "A sentence's subjects do not depend on the span: call the network once with any span, then once for "
    "each subject that it finds."
)


def network(job: ExportJob) -> ExportedNetwork:
    """The network of `training`, for one subject in each sentence; a batch of training sentences."""
    recipe = Recipe.model_validate(job.settings)
    predicates = dataset.predicates(job.dataset)
    indices = {name: index for index, name in enumerate(predicates)}
    counts = partial(dataset_files.characters, job.dataset)
    tokenizer = Tokenizer(recipe.encoder, counts, words=partial(read_words, job.models))
    built = method_module("extraction", recipe.method, "inference").build(
        recipe, tokenizer, predicates=len(predicates), seed=0
    )
    sentences = tokenized(_records(job, recipe), tokenizer, indices)
    batch = tokenizer.batch([sentence.inputs for sentence in sentences])
    known = read_known(job.models) if recipe.distant else []
    training = method_module("extraction", recipe.method, "training")
    sizes = SentenceSizes(batch["characters"].shape[1], max(map(training.label_count, sentences)))
    make_targets = training.target_maker(recipe, known, indices)
    further, _ = make_targets(sentences, sizes, generator(job.seed, "export"))

    def load(folder: Path) -> None:
        built.training.load_weights(folder / "model.weights.h5")

    vocabularies = {
        "characters": tokenizer.characters,
        **({"vectors": tokenizer.vectors[0]} if tokenizer.vectors else {}),
        **({"words": tokenizer.words} if tokenizer.words else {}),
        **({"word_vectors": tokenizer.word_vectors[0]} if tokenizer.word_vectors else {}),
    }
    return ExportedNetwork(
        built.training,
        load,
        batch=batch | further,
        inputs=INPUTS,
        outputs=OUTPUTS[recipe.method],
        layers="tasks.extraction.export.layers",
        classes=predicates,
        vocabularies=vocabularies,
        notes=(SPANS,) if "span" in further else (),
    )


def _records(job: ExportJob, recipe: Recipe) -> Iterator[Record]:
    """Some training sentences, with their words where the encoder reads them."""
    settings = recipe.encoder.dgcnn
    needs_words = recipe.encoder.kind == "dgcnn" and (settings.words or settings.word_vectors)
    for record in islice(dataset.stream(job.dataset, "train"), RECORDS):
        if needs_words and record.words is None:
            yield record._replace(words=tuple(segmented(record.text)))
        else:
            yield record
