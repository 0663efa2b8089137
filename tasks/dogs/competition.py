"""Baidu × XJTU 2017: name the breed of the dog in a photograph, one of 100, by accuracy."""

from tasks.core.competition import Competition
from tasks.dogs import data, dataset, encode, metric, predict, report, submission, suggest, training, views

COMPETITION = Competition(
    name="dogs",
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
    public_higher_is_better=False,
)
