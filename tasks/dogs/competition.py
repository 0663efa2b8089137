"""Baidu × XJTU 2017: name the breed of the dog in a photograph, one of 100, by accuracy."""

from tasks.core.competition import Competition
from tasks.dogs import (
    comparison,
    data,
    dataset,
    encode,
    member_form,
    metric,
    overlap,
    predict,
    raw,
    report,
    submission,
    suggest,
    training,
    views,
)
from tasks.dogs.explanation.explain import EXPLAINER
from tasks.dogs.export import network

COMPETITION = Competition(
    name="dogs",
    file=submission.FILE,
    parts=raw.PARTS,
    common_files=("classes.json",),
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
    public_higher_is_better=False,
    public_name="error rate",
    public_bounds=(0.0, 1.0),
    member_form=member_form.member_form,
    network=network.network,
    explainer=EXPLAINER,
)
