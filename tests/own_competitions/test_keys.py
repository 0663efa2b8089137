"""The code of a competition of one's own is in its cache keys as that of others is."""

from pathlib import Path

import pytest

from tasks.core.cache.source_code import code_digests, edited, libraries, snapshot
from tasks.core.errors import InvalidSettings
from tests.own_competitions.conftest import Create, forget

STEPS = {
    "load": "data",
    "split": "dataset",
    "encode": "encode",
    "train": "training",
    "predict": "predict",
    "gather": "metric",
    "decode": "submission",
}
"""File of the competition that each step names."""


def changed_by(folder: Path, file: str, old: str, new: str) -> set[str]:
    """The steps whose code an edit changes."""

    def digests() -> dict[str, dict[str, str]]:
        forget("roses")
        return {step: code_digests(f"tasks.{step}", (f"tasks.roses.{of}",)) for step, of in STEPS.items()}

    before, text = digests(), (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    after = digests()
    return {step for step in STEPS if before[step] != after[step]}


@pytest.mark.parametrize(
    ("file", "old", "new", "steps"),
    [
        ("metric.py", '"accuracy"', '"f1_macro"', {"gather"}),
        ("training.py", "SimpleImputer()", "SimpleImputer(strategy='median')", {"train"}),
        ("encode.py", "[:8]", "[:4]", {"encode", "train", "predict"}),
        ("submission.py", '("id", "label")', '("id", "kind")', {"decode"}),
        ("data.py", '"label": table', '"label": 2 * table', {"load"}),
        ("dataset.py", "records.ids(dataset, part)", "[]", {"split", "train", "predict"}),
        ("report.py", "notes(material.dataset)", "", set()),
        ("training.py", '"""The training of one fold, given', '"""Of one fold, given', set()),
        ("config.py", "ge=1, le=4096", "ge=1, le=1024", set()),
    ],
)  # fmt: skip
def test_an_edit_changes_the_keys_of_the_steps_that_use_it_alone(
    made: Create, file: str, old: str, new: str, steps: set[str]
) -> None:
    assert changed_by(made("roses", "table"), file, old, new) == steps


def test_relative_imports_are_followed(made: Create) -> None:
    folder = made("roses", "table")
    training = folder / "training.py"
    text = training.read_text("utf-8")
    relative = text.replace("from tasks.roses import dataset, encode", "from . import dataset, encode")
    training.write_text(
        relative + "\n\ndef more():\n    from .further.deep import VALUE\n\n    return VALUE\n"
    )
    (folder / "further").mkdir()
    (folder / "further" / "deep.py").write_text("from ..deeper import OTHER as VALUE\n")
    (folder / "deeper.py").write_text("OTHER = 1\n")
    forget("roses")
    found = code_digests("tasks.train", ("tasks.roses.training",))
    expected = {"training", "dataset", "encode", "further.deep", "deeper"}
    assert {f"tasks.roses.{name}" for name in expected} <= found.keys()
    assert changed_by(folder, "deeper.py", "1", "2") == {"train"}


def test_a_trained_estimator_rests_on_no_reader_metric_or_report(made: Create) -> None:
    for like in ("images", "table", "texts"):
        made(f"roses_{like}", like)
        found = code_digests("tasks.train", (f"tasks.roses_{like}.training",))
        own = {name.rpartition(".")[2] for name in found if name.startswith(f"tasks.roses_{like}.")}
        assert own <= {"training", "dataset", "encode", "network"}
        assert (
            not {"tasks.learning.classification.csv_files", "tasks.learning.classification.metric"}
            & found.keys()
        )


def test_every_library_that_it_imports_counts_by_its_version(made: Create) -> None:
    folder = made("roses", "table")
    assert "scikit-learn" in libraries(tuple(code_digests("tasks.train", ("tasks.roses.training",))))
    assert "scikit-learn" in libraries(tuple(code_digests("tasks.predict", ("tasks.roses.predict",))))
    training = folder / "training.py"
    training.write_text(
        training.read_text("utf-8") + "\n\ndef more():\n    import scipy.optimize\n    import pandas\n"
    )
    forget("roses")
    found = libraries(tuple(code_digests("tasks.train", ("tasks.roses.training",))))
    assert {"scipy", "pandas", "scikit-learn"} <= set(found)
    assert not {"pandas", "scipy"} & set(
        libraries(tuple(code_digests("tasks.train", ("tasks.dogs.training",))))
    )


def test_a_module_whose_edits_no_key_would_notice_is_refused(
    made: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made("roses", "table")
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "rose_helpers.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "loose"))
    with (folder / "training.py").open("a") as file:
        file.write("\nimport rose_helpers\n")
    forget("roses")
    with pytest.raises(InvalidSettings, match="imports rose_helpers, which is neither in this folder nor"):
        libraries(tuple(code_digests("tasks.train", ("tasks.roses.training",))))


def test_an_edit_during_a_run_is_noticed(made: Create) -> None:
    folder = made("roses", "table")
    snapshot()
    with (folder / "encode.py").open("a") as file:
        file.write("\nVALUE = 1\n")
    assert edited(["tasks.roses.encode", "tasks.roses.metric"]) == ["tasks.roses.encode"]


@pytest.mark.parametrize("code", ["def (:", "x = '\0'", f"x = {'-' * 2_000}1", f"x = {'-' * 100_000}1"])
def test_code_that_is_no_python_is_an_error_of_its_own_competition_alone(made: Create, code: str) -> None:
    (made("roses", "table") / "training.py").write_text(code, "utf-8")
    made("tulips", "table")
    snapshot()
    assert code_digests("tasks.train", ("tasks.tulips.training",))
    with pytest.raises(InvalidSettings, match=r"roses/training\.py"):
        code_digests("tasks.train", ("tasks.roses.training",))
