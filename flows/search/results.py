"""Results of a search: the best trial as a preset, and a report."""

import shlex
from pathlib import Path
from typing import Any, NamedTuple

from flows.humanize import score_text
from flows.search.trial import changed
from tasks.core import locations
from tasks.core.cache.store import write_atomically
from tasks.core.config import Settings
from tasks.core.report import page
from tasks.core.report.page import Section
from tasks.core.settings import presets
from tasks.core.settings.preset_writer import raise_if_not_generated, write_preset
from tasks.core.settings.resolve import config_class, preset_folders
from tasks.learning.report.search_sections import sections
from tasks.learning.search.config import Search
from tasks.learning.search.study import Study
from tasks.learning.search.trials import Trial

NOTHING_BETTER = "none: no trial was better than the settings at the start"
MARK = "Found by podium search"
"""Start of the header of presets that a search may overwrite."""


class SearchResults(NamedTuple):
    """The trials of a study, the best one, and the files that were written."""

    competition: str
    study: str
    winner: Trial
    trials: list[Trial]
    sections: list[Section]
    preset: Path | None
    """None where no trial is better than the settings that the search started from."""
    report: Path

    def summary(self) -> dict[str, Any]:
        """As JSON, for the command line and Prefect."""
        states = [trial.state for trial in self.trials]
        start = self.trials[0].score
        return {
            "study": self.study,
            "preset": str(self.preset) if self.preset else None,
            "report": str(self.report),
            "trials": {state: states.count(state) for state in dict.fromkeys(states)},
            "best": self.winner.number,
            "score": self.winner.score._asdict() if self.winner.score else None,
            "start": start._asdict() if start else None,
        }


def preset_file(competition: str, study: str) -> Path:
    """The file of a study's preset.

    Raises:
        InvalidSettings: the file exists and a person has written it.
    """
    path = locations.presets_folder() / competition / f"{study}.toml"
    raise_if_not_generated(path, MARK)
    return path


def write(study: Study, competition: str, config: Settings, search: Search, winner: Trial) -> SearchResults:
    """Write the report, and the best trial as a preset, unless it is the one that changes nothing."""
    trials = study.trials()
    settings = changed(config, winner.differences)
    results = SearchResults(
        competition=competition,
        study=study.name,
        winner=winner,
        trials=trials,
        sections=sections(trials, study.importances()),
        preset=preset_file(competition, study.name) if winner.differences else None,
        report=study.folder / f"{study.name}.html",
    )
    if results.preset is not None:
        portable = _with_data_folder_of(settings, competition, search.preset)
        write_preset(results.preset, portable, _header(results, search))
    title = f"{competition}: search {study.name}"
    text = page.render(title, score_text(winner.score), results.sections, facts=_facts(results))
    write_atomically(results.report, text.encode())
    return results


def _with_data_folder_of(settings: Any, competition: str, preset: str) -> Settings:
    """The settings with the data folder of the preset they come from, instead of this machine's."""
    root = config_class(competition)().model_dump()["data"]["root"]
    if preset:
        tree = presets.read(preset_folders(competition), preset).tree
        root = tree.get("data", {}).get("root", root)
    data = settings.data.model_copy(update={"root": root})
    portable: Settings = settings.model_copy(update={"data": data})
    return portable


def _header(results: SearchResults, search: Search) -> list[str]:
    winner, first = results.winner, results.trials[0]
    complete = sum(trial.state == "complete" for trial in results.trials)
    start = f"preset {search.preset}" if search.preset else "the defaults"
    before = f", which scored {score_text(first.score)}" if first.score else ""
    return [
        f"{MARK}: {score_text(winner.score)} out of fold, trial {winner.number} of study {results.study}.",
        f"    podium run {results.competition} --preset {results.study}",
        f"Started from {start}{before}. The best of {complete} complete trials, so the score is optimistic.",
        f"Searched by {_command(results, search)}",
    ]


def _command(results: SearchResults, search: Search) -> str:
    """The command that continues the search, if no `--set` changed the preset."""
    changed_options = search.model_dump(include={"preset", "recipe", "seed", "pruner"}, exclude_defaults=True)
    options = [*changed_options.items(), *(("only", key) for key in search.only)]
    options += [("study", results.study), ("trials", search.trials)]
    words = [word for name, value in options for word in (f"--{name}", str(value))]
    return shlex.join(["podium", "search", results.competition, *words])


def _facts(results: SearchResults) -> list[tuple[str, str]]:
    first = results.trials[0].score
    return [
        ("Best", score_text(results.winner.score)),
        *([("Started from", score_text(first))] if first else []),
        ("Trials", str(len(results.trials))),
        ("Study", results.study),
        ("Preset", locations.display_path(results.preset) if results.preset else NOTHING_BETTER),
    ]
