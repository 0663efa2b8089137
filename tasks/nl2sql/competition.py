"""TableQA (the first Chinese NL2SQL challenge): from a question and a table to a query, by the mean of logic
form and execution accuracy.
"""

from tasks.core.competition import Competition
from tasks.nl2sql import (
    data,
    dataset,
    encode,
    language_model,
    metric,
    predict,
    report,
    submission,
    suggest,
    training,
    views,
)

COMPETITION = Competition(
    name="nl2sql",
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
)
