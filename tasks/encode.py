"""Step `encode`: the inputs of models, of the records of a part, as far as no training changes them."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import Part, find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, need_of, read_job
from tasks.core.jobs import EncodeJob
from tasks.core.step import step


@step(
    uses=("encode",), libraries=("backend",), label="encode {name} {part} {view}", retries=2, ignore=("name",)
)
def encode(
    competition: str,
    name: str,
    settings: dict[str, BaseModel],
    dataset: list[Artifact],
    *,
    part: Part,
    view: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Compute one test-time view of a part's records; `settings` are the parts of a recipe that decide it."""
    return in_child(
        "tasks.encode:child",
        "encoded",
        EncodeJob,
        competition=competition,
        settings=settings,
        dataset=dataset,
        part=part,
        view=view,
        seed=seed,
        run=run,
        need=need_of(settings),
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    encode_job = read_job(job, EncodeJob)
    write_inputs = find(encode_job.competition).encode
    assert write_inputs is not None  # the step's key names its file
    write_inputs(encode_job)
