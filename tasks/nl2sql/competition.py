"""TableQA (the first Chinese NL2SQL challenge): from a question and a table to a query, by the mean of logic
form and execution accuracy.
"""

from tasks.core.competition import Competition
from tasks.nl2sql import (
    comparison,
    data,
    dataset,
    language_model,
    member_form,
    metric,
    overlap,
    predict,
    report,
    submission,
    suggest,
    training,
    views,
)
from tasks.nl2sql.explanation.explain import EXPLAINER
from tasks.nl2sql.export import network

COMPETITION = Competition(
    name="nl2sql",
    public_name="mean of logic form and execution accuracy",
    public_bounds=(0.0, 1.0),
    file=submission.FILE,
    parts=("train", "validation", "test"),
    common_files=("characters.json",),
    load=data.load,
    fold_key=dataset.fold_key,
    overlap=overlap.overlap,
    features=comparison.features,
    excerpt=comparison.excerpt,
    ids=dataset.ids,
    augment=views.augment,
    build=training.build,
    predict=predict.predict,
    scorer=metric.scorer,
    decode=submission.decode,
    write=submission.write,
    check=submission.check,
    sections=report.sections,
    suggest=suggest.suggest,
    pretrain=language_model.pretrain,
    member_form=member_form.member_form,
    network=network.network,
    explainer=EXPLAINER,
)
