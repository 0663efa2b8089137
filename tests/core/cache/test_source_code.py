"""The digest of the code: everything a step rests on, and nothing a reader alone sees."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.core.cache import source_code
from tasks.core.cache.keys import library_version
from tasks.core.cache.source_code import DECIDING, ROOT, code_digests, libraries
from tasks.core.competition import competition_names

FILES = {
    "tasks/step.py": '"""Doc."""\nfrom tasks.core.cache.store import Store\nfrom tasks.dogs import model\n',
    "tasks/dogs/model.py": (
        '"""Doc."""\nimport numpy as np\nWIDTH = 3\n\ndef build(x):\n    """Doc."""\n'
        "    from tasks.learning.layers import layer\n    return layer(x)\n"
    ),
    "tasks/dogs/config.py": "DEFAULT = 1\n",
    "tasks/dogs/other.py": "import tasks.dogs.model\n",
    "tasks/learning/layers.py": "from tasks.dogs.config import DEFAULT\n\ndef layer(x):\n    return x\n",
    "tasks/core/cache/store.py": "import tasks.dogs.other\n",
}
MODEL = "tasks/dogs/model.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").touch()
    return tmp_path


@pytest.fixture
def digests(root: Path) -> Callable[..., dict[str, str]]:
    """As a new process would see the code."""

    def fresh(module: str = "tasks.step", *extra: str) -> dict[str, str]:
        source_code._code_digests.cache_clear()
        source_code._content.cache_clear()
        return code_digests(module, extra, root)

    return fresh


def edit(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def test_imports_are_followed_wherever_they_stand(digests: Callable[..., dict[str, str]]) -> None:
    assert list(digests()) == ["tasks.dogs.model", "tasks.learning.layers", "tasks.step"]


def test_named_files_are_followed_too(digests: Callable[..., dict[str, str]]) -> None:
    assert "tasks.dogs.other" in digests("tasks.step", "tasks.dogs.other")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (MODEL, "WIDTH", "# why three\nWIDTH"),
        (MODEL, "WIDTH = 3", "WIDTH = 3  # wide enough"),
        (MODEL, "WIDTH = 3", "WIDTH   =   (3)\n\n\n"),
        (MODEL, '    """Doc."""\n', '    """Another."""\n'),
        (MODEL, '    """Doc."""\n', ""),
        (MODEL, '"""Doc."""\nimport', "import"),
        (MODEL, "WIDTH = 3\n", 'WIDTH = 3\n"""What a variable is for."""\n'),
        ("tasks/dogs/config.py", "1", "2"),
        ("tasks/dogs/other.py", "import", "X = 1\nimport"),
        ("tasks/core/cache/store.py", "import", "X = 1\nimport"),
    ],
)
def test_what_cannot_change_a_result_does_not_count(
    root: Path, digests: Callable[..., dict[str, str]], file: str, old: str, new: str
) -> None:
    before = digests()
    edit(root, file, old, new)
    assert digests() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "module"),
    [
        (MODEL, "WIDTH = 3", "WIDTH = 4", "tasks.dogs.model"),
        (MODEL, "return layer(x)", "return layer(-x)", "tasks.dogs.model"),
        (MODEL, "def build(x)", "def build(x, y=1)", "tasks.dogs.model"),
        ("tasks/learning/layers.py", "return x", "return 'x'", "tasks.learning.layers"),
        ("tasks/step.py", "import model", "import model as m", "tasks.step"),
    ],
)
def test_any_other_edit_changes_the_digest_of_its_module_alone(
    root: Path, digests: Callable[..., dict[str, str]], file: str, old: str, new: str, module: str
) -> None:
    before = digests()
    edit(root, file, old, new)
    after = digests()
    assert [name for name in after if after[name] != before.get(name)] == [module]


def test_a_function_of_nothing_but_its_docstring_can_be_read(
    root: Path, digests: Callable[..., dict[str, str]]
) -> None:
    before = digests()
    (root / MODEL).write_text('def build(x):\n    """Doc."""\n')
    assert digests()["tasks.dogs.model"] != before["tasks.dogs.model"]


def test_a_cycle_of_imports_ends(root: Path, digests: Callable[..., dict[str, str]]) -> None:
    edit(root, "tasks/learning/layers.py", "def", "import tasks.step\n\ndef")
    assert len(digests()) == 3


def test_a_misspelt_name_is_an_error_and_not_an_empty_digest(digests: Callable[..., dict[str, str]]) -> None:
    with pytest.raises(FileNotFoundError, match=r"module tasks\.dogs\.modle: no such file"):
        digests("tasks.step", "tasks.dogs.modle")


def test_our_own_steps_rest_on_what_one_expects() -> None:
    found = code_digests("tasks.train", ("tasks.dogs.training",), ROOT)
    assert {"tasks.dogs.model", "tasks.dogs.augment", "tasks.learning.training.loop"} <= found.keys()
    assert not [name for name in found if name.startswith(("tasks.core", "flows")) or "config" in name]
    assert not {"tasks.dogs.metric", "tasks.dogs.report", "tasks.dogs.submission"} & found.keys()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import numpy as np", ["numpy"]),
        ("import sklearn.model_selection", ["scikit-learn"]),
        ("from PIL import Image", ["pillow"]),
        ("from keras_hub.models import Backbone", ["keras-hub"]),
        ("def build():\n    import cv2", ["opencv-python-headless"]),
        ("class A:\n    def b(self):\n        if self:\n            from keras import ops", ["keras"]),
        ("import numpy, json, tensorflow", ["numpy", "tensorflow"]),
        ("import json\nimport matplotlib.pyplot\nfrom rich import print", []),
        ("import numpyro, keras_tuner", []),
        ("from numbers import Number\nnumpy = 'import numpy'", []),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras", ["keras"]),
    ],
)
def test_a_library_counts_wherever_it_is_imported(root: Path, line: str, found: list[str]) -> None:
    (root / "tasks/dogs/imports.py").write_text(line)
    assert libraries(("tasks.dogs.imports",), root) == tuple(found)


def test_libraries_are_those_of_all_modules_and_each_once(root: Path) -> None:
    (root / "tasks/dogs/imports.py").write_text("import numpy\nimport ahocorasick")
    found = libraries(("tasks.step", "tasks.dogs.imports", "tasks.dogs.model"), root)
    assert found == ("numpy", "pyahocorasick")


def test_a_folder_with_an_init_file_is_a_module_without_libraries(root: Path) -> None:
    assert libraries(("tasks.dogs",), root) == ()


def test_distributions_that_decide_are_installed_or_known_as_absent() -> None:
    """A name misspelt in the table would never change a key."""
    missing = {name for name in DECIDING.values() if library_version(name) == "absent"}
    assert missing <= {"jieba", "pyahocorasick"}


STEPS = {
    "load": ("data", {"numpy", "pillow"}),
    "split": ("dataset", {"numpy", "scikit-learn"}),
    "augment": ("views", {"albumentations", "keras", "numpy", "opencv-python-headless", "tensorflow"}),
    "encode": ("encode", {"keras", "numpy", "opencv-python-headless", "tensorflow"}),
    "train": ("training", {"albumentations", "keras", "keras-hub", "numpy", "tensorflow"}),
    "predict": ("predict", {"keras", "keras-hub", "numpy", "opencv-python-headless", "tensorflow"}),
    "gather": ("metric", {"numpy"}),
    "decode": ("submission", {"numpy"}),
}
NEVER = {
    "load": {"albumentations", "keras", "tensorflow", "scikit-learn"},
    "split": {"albumentations", "keras", "tensorflow", "pillow"},
    "encode": {"albumentations", "scikit-learn"},
    "train": {"scikit-learn"},
    "predict": {"albumentations"},
    "gather": {"scikit-learn", "tensorflow"},
    "decode": {"scikit-learn", "tensorflow", "pillow"},
}


@pytest.mark.parametrize("step", STEPS)
def test_our_own_steps_rest_on_the_libraries_one_expects(step: str) -> None:
    used, expected = STEPS[step]
    found = set(libraries(tuple(code_digests(f"tasks.{step}", (f"tasks.dogs.{used}",)))))
    assert expected <= found <= set(DECIDING.values())
    assert not found & NEVER.get(step, set())


@pytest.mark.parametrize("competition", competition_names())
def test_a_prediction_does_not_rest_on_how_predictions_are_blended_and_judged(competition: str) -> None:
    found = code_digests("tasks.predict", (f"tasks.{competition}.predict",))
    judging = {f"tasks.{competition}.{name}" for name in ("metric", "report", "submission")}
    assert (
        not ({"tasks.learning.ensemble.greedy", "tasks.learning.ensemble.members"} | judging) & found.keys()
    )


def test_threads_may_read_code_at_once() -> None:
    """Python 3.11 raises SystemError when two threads parse at the same time."""
    files = sorted((ROOT / "tasks").rglob("*.py"))
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(lambda path: source_code._read_now(path)[0], files * 4))
    assert found[: len(files)] == found[len(files) : 2 * len(files)]


def test_a_snapshot_of_any_number_of_files_tells_which_was_edited(root: Path) -> None:
    files = [root / "tasks" / f"step{number}.py" for number in range(300)]
    for number, file in enumerate(files):
        file.write_text(f"NUMBER = {number}\n")
    source_code.snapshot(root)
    files[0].write_text("NUMBER = 1  # the same as another's\n")
    assert source_code.edited([f"tasks.{file.stem}" for file in files], root) == ["tasks.step0"]
