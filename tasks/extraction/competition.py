"""LIC2019 SKE: all (subject, predicate, object) triples of a Chinese sentence under 50 schemas, by F1."""

from tasks.core.competition import Competition
from tasks.extraction import (
    comparison,
    data,
    dataset,
    encode,
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
from tasks.extraction.explanation.explain import EXPLAINER
from tasks.extraction.export import network

COMPETITION = Competition(
    name="extraction",
    public_name="F1",
    public_bounds=(0.0, 1.0),
    file=submission.FILE,
    parts=("train", "validation", "test"),
    common_files=dataset.COMMON,
    load=data.load,
    fold_key=dataset.fold_key,
    overlap=overlap.overlap,
    features=comparison.features,
    excerpt=comparison.excerpt,
    ids=dataset.ids,
    augment=views.augment,
    encode=encode.encode,
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
