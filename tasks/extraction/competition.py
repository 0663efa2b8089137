"""LIC2019 SKE: all (subject, predicate, object) triples of a Chinese sentence under 50 schemas, by F1."""

from tasks.core.competition import Competition
from tasks.extraction import (
    data,
    dataset,
    encode,
    language_model,
    member_form,
    metric,
    predict,
    report,
    submission,
    suggest,
    training,
    views,
)

COMPETITION = Competition(
    name="extraction",
    file=submission.FILE,
    load=data.load,
    fold_key=dataset.fold_key,
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
)
