"""The functions of the competition; steps find them here."""

from tasks.core.competition import Competition
from tasks.my_texts import (
    comparison,
    data,
    dataset,
    encode,
    member_form,
    metric,
    overlap,
    predict,
    report,
    submission,
    suggest,
    training,
)

COMPETITION = Competition(
    name="my_texts",
    file="submission.csv",
    parts=("train", "test"),
    common_files=(dataset.CLASSES,),
    load=data.load,
    fold_key=dataset.fold_key,
    overlap=overlap.overlap,
    features=comparison.features,
    excerpt=comparison.excerpt,
    ids=dataset.ids,
    encode=encode.encode,
    build=training.build,
    predict=predict.predict,
    scorer=metric.scorer,
    decode=submission.decode,
    write=submission.write,
    check=submission.check,
    sections=report.sections,
    suggest=suggest.suggest,
    member_form=member_form.member_form,
)
