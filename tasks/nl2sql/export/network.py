"""The network of a recipe with some real questions about their tables."""

from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from tasks.core.competition import method_module
from tasks.core.jobs import ExportJob
from tasks.learning.export.network import ExportedNetwork
from tasks.nl2sql import dataset
from tasks.nl2sql.baseline import inputs as baseline_inputs
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch import features
from tasks.nl2sql.two_stage import inputs as two_stage_inputs
from tasks.text import dataset_files
from tasks.text.tokenization import Tokenizer

RECORDS = 4
"""Questions of the batch."""
INPUTS = {
    "characters": "numbers of characters (characters.json): begin, the characters of a question (lower-case "
    "and half-width, or for a pretrained BERT as written, if it has them), end, then padding; with `part`, "
    "the names of its columns follow, an end after each; with `headers`, a begin before each too",
    "vectors": "the same for the vocabulary of the pretrained vectors (vectors.json)",
    "part": "0 at tokens of the question, 1 + the number of a column at those of its name, -1 at padding",
    "headers": "1 + the number of a column at the begin before its name, 0 elsewhere",
    "question": "1 at characters of the question",
    "names_characters": "the different names of all columns in the batch, as `characters`",
    "names_vectors": "the same for the vocabulary of the pretrained vectors",
    "name": "for each column the row of its name in `names_characters`",
    "present": "1 at columns of the table, 0 at padding",
    "pairs": "0 … 255: how each token of the question matches name and cells of each column "
    "(`PairFeature` in tasks.nl2sql.linking.match_features)",
    "columns": "the same for each column as a whole (`ColumnFeature`)",
    "candidates": "conditions that the question may state: column, kind, first token of the value, the token "
    "behind its last (`Channel` in tasks.nl2sql.two_stage.inputs)",
}
OUTPUTS = {
    "connector": "logits of how conditions are joined: 0 not at all, 1 and, 2 or",
    "number": "logits of the number of conditions, 0 … 4",
    "select": "for each column logits of its aggregate in the selection: none, AVG, MAX, MIN, COUNT, SUM, or "
    "not selected",
    "operators": "for each column logits of the operator of its condition: >, <, =, !=, or no condition",
    "tags": "for each token logits of the operator of the condition whose value it is in, or of none",
    "begins": "for each token the logit that a value begins here",
    "column": "for each token logits of the column that the value here belongs to",
    "conditions": "for each candidate logits of its operator: >, <, =, !=, or that it is not stated",
}


def network(job: ExportJob) -> ExportedNetwork:
    """The network of the recipe's method; a batch of training questions."""
    recipe = Recipe.model_validate(job.settings)
    tokenizer = Tokenizer(recipe.encoder, partial(dataset_files.characters, job.dataset))
    built = method_module("nl2sql", recipe.method, "inference").build(recipe, tokenizer, seed=0)

    def load(folder: Path) -> None:
        built.model.load_weights(folder / "model.weights.h5")

    vocabularies = {
        "characters": tokenizer.characters,
        **({"vectors": tokenizer.vectors[0]} if tokenizer.vectors else {}),
    }
    return ExportedNetwork(
        built.model,
        load,
        batch=_batch(job, recipe, tokenizer),
        inputs=INPUTS,
        outputs=OUTPUTS,
        layers="tasks.nl2sql.export.layers",
        vocabularies=vocabularies,
        notes=("Rows are not independent: all questions of a batch share the names of columns.",)
        if "name" in built.model.input
        else (),
    )


def _batch(job: ExportJob, recipe: Recipe, tokenizer: Tokenizer) -> dict[str, np.ndarray]:
    questions = [
        question._replace(query=None) for question in islice(dataset.stream(job.dataset, "train"), RECORDS)
    ]
    tables = dataset.tables(job.dataset, "train")
    examples = features.examples(questions, tables, longest=tokenizer.longest)
    if recipe.method == "two-stage":
        pairs = two_stage_inputs.two_stage_examples(examples, tables, recipe.matcher)
        return two_stage_inputs.inputs(pairs, tokenizer)
    if recipe.method == "baseline":
        return baseline_inputs.inputs(examples, tokenizer)
    return features.inputs(examples, tokenizer)
