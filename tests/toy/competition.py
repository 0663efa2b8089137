"""A competition small enough to test steps with: is a point on a line left or right of zero?"""

from tasks.core.competition import Competition
from tasks.toy import (
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
    views,
)

COMPETITION = Competition(
    name="toy",
    file="answers.txt",
    parts=("train", "test"),
    common_files=("sides.json",),
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
    member_form=member_form.member_form,
)
