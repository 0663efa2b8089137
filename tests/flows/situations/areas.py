"""All situations, by their areas, in the order of the page."""

from tests.flows.situations import (
    accepting,
    display,
    own_competitions,
    refusals,
    results,
    scripts,
    serving,
    waiting,
)
from tests.flows.situations.situation import Situation

AREAS: dict[str, list[Situation]] = {
    "Before a run": refusals.SITUATIONS,
    "Waiting": waiting.SITUATIONS,
    "What a run shows": display.SITUATIONS,
    "Edits that do not matter": accepting.SITUATIONS,
    "Results": results.SITUATIONS,
    "Scripts": scripts.SITUATIONS,
    "Competitions of one's own": own_competitions.SITUATIONS,
    "Servers and schedules": serving.SITUATIONS,
}
ALL = [situation for situations in AREAS.values() for situation in situations]
