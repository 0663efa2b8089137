"""Every mistake in settings, presets and `--set` is one message that says where and what to do."""

from pathlib import Path

import pytest

from tasks.core.errors import InvalidSettings
from tasks.core.settings.presets import Preset
from tasks.core.settings.resolve import presets, resolve

GOOD = """\
# podium run dogs --preset two
# scores .80 in 5 minutes

seed = 7
data.root = "somewhere"

[folds]
count = 3

[[recipes]]
name = "one"
[recipes.training]
batch_size = 16
[[recipes.training.stages]]
epochs = 2
[[recipes.training.stages]]
epochs = 4

[[recipes]]
name = "two"
"""


@pytest.fixture(autouse=True)
def _places_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PODIUM_DATA", raising=False)


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    (tmp_path / "dogs").mkdir()
    (tmp_path / "dogs" / "two.toml").write_text(GOOD)
    return tmp_path


def message(conf: Path, *overrides: str, preset: str | None = "two") -> str:
    with pytest.raises(InvalidSettings) as caught:
        resolve("dogs", preset=preset, overrides=overrides, root=conf)
    return str(caught.value)


# What is accepted


def test_a_preset_states_only_differences_from_the_defaults(conf: Path) -> None:
    settings = resolve("dogs", preset="two", root=conf)
    assert (settings.seed, settings.folds.count, settings.folds.seed) == (7, 3, 0)
    assert [recipe.name for recipe in settings.recipes] == ["one", "two"]
    assert [stage.epochs for stage in settings.recipes[0].training.stages] == [2, 4]
    assert settings.recipes[1].training.batch_size == 32


SHARED = """\
[recipe.training]
batch_size = 16
ema = 2.0

[[recipes]]
name = "one"

[[recipes]]
name = "two"
training.batch_size = 8
"""


def test_recipes_of_a_preset_may_have_settings_in_common(conf: Path) -> None:
    (conf / "dogs" / "shared.toml").write_text(SHARED.replace("2.0", "0.5"))
    settings = resolve("dogs", preset="shared", root=conf)
    assert [each.training.batch_size for each in settings.recipes] == [16, 8]
    assert [each.training.ema for each in settings.recipes] == [0.5, 0.5]


def test_a_mistake_in_what_recipes_have_in_common_is_told_with_its_line(conf: Path) -> None:
    (conf / "dogs" / "shared.toml").write_text(SHARED)
    assert "shared.toml:3: recipes.0.training.ema" in message(conf, preset="shared")


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ("folds.count=4", "folds.count", 4),
        ("recipes.0.training.batch_size=64", "recipes.0.training.batch_size", 64),
        ("recipes.0.training.batch_size=64", "recipes.1.training.batch_size", 32),
        ("recipe.training.batch_size=64", "recipes.0.training.batch_size", 64),
        ("recipe.training.batch_size=64", "recipes.1.training.batch_size", 64),
        ("recipes.0.training.stages.1.epochs=9", "recipes.0.training.stages.1.epochs", 9),
        ("recipe.head.kind=glu", "recipes.1.head.kind", "glu"),
        ('recipe.head.kind="glu"', "recipes.1.head.kind", "glu"),
        ("recipe.augmentation.flip=false", "recipes.0.augmentation.flip", False),
        ("recipe.augmentation.zoom=0.25", "recipes.0.augmentation.zoom", 0.25),
        ("recipe.trunk.cut=", "recipes.0.trunk.cut", ""),
        ('recipe.test_time.views=["flip"]', "recipes.0.test_time.views", ("flip",)),
        ("data.root=~/a=b #1", "data.root", "~/a=b #1"),
        ("data.root=2024-01-01", "data.root", "2024-01-01"),
        ("data={size_pixels=64}", "data.root", "somewhere"),
        ('recipes=[{name="only"}]', "recipes.0.name", "only"),
    ],
)
def test_overrides_are_laid_over_the_preset(conf: Path, override: str, path: str, expected: object) -> None:
    value: object = resolve("dogs", preset="two", overrides=[override], root=conf)
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, tuple) else getattr(value, key)
    assert value == expected


def test_the_last_of_two_overrides_counts(conf: Path) -> None:
    settings = resolve("dogs", overrides=["folds.count=4", "folds.count=6"], root=conf)
    assert settings.folds.count == 6


def test_presets_are_listed_with_the_comments_at_their_head(conf: Path) -> None:
    header = "podium run dogs --preset two\nscores .80 in 5 minutes"
    assert presets("dogs", root=conf) == [("two", header)]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("A small network. It shows every step.", "A small network."),
        ("Found by podium search: accuracy 0.85.\nMore.", "Found by podium search: accuracy 0.85."),
        (
            "podium run a \\\n--set a=1 \\\n--set b=2\nTwo lines of\na sentence. More.",
            "Two lines of a sentence.",
        ),
        ("PODIUM_WEIGHTS=x podium run dogs --preset a\n\nWithout an end\npodium run dogs", "Without an end"),
        ("make demo\n--set a=1", ""),
        ("", ""),
    ],
)
def test_the_sentence_of_a_preset_is_no_command(header: str, sentence: str) -> None:
    assert Preset("name", header).sentence == sentence


def test_podium_data_stands_in_for_a_data_folder_that_nobody_set(
    conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODIUM_DATA", "/mine")
    assert resolve("dogs", root=conf).data.root == "/mine/dogs"
    assert resolve("dogs", preset="two", root=conf).data.root == "somewhere"
    assert resolve("dogs", overrides=["data.root=here"], root=conf).data.root == "here"


# What is refused

OVERRIDES = [
    ("folds.cuont=3", "folds.cuont: unknown key (did you mean folds.count?)"),
    ("fold.count=3", "fold: unknown key (did you mean folds?)"),
    (
        "recipe.epochs=2",
        "recipes.0.epochs: unknown key (did you mean recipes.0.training.stages.0.epochs?)",
    ),
    (
        "recipes.1.head.widht=2",
        "recipes.1.head.widht: unknown key (did you mean recipes.1.head.width?)",
    ),
    ("qqq=1", "qqq: unknown key; expected one of "),
    ("recipe.head.qqq=1", "recipes.0.head.qqq: unknown key; expected one of "),
    ("recipe.training.0=1", "recipes.0.training.0: unknown key; expected one of "),
    ("recipe.lr=1", "recipes.0.lr: unknown key (did you mean recipes.0.training.stages.0.learning_rate?)"),
    ("recipe.epoch=1", "recipes.0.epoch: unknown key (did you mean recipes.0.training.stages.0.epochs?)"),
    ('recipes=[{nam="a"}]', "recipes.0.nam: unknown key (did you mean recipes.0.name?)"),
    ("folds.count=many", "folds.count: expected a whole number, received 'many'"),
    ('folds.count="3"', "folds.count: expected a whole number, received '3'"),
    ("folds.count=2.5", "folds.count: expected a whole number, received 2.5"),
    ("folds.count=true", "folds.count: expected a whole number, received true"),
    ("folds.count=1", "folds.count: expected at least 2, received 1"),
    ("folds.count=21", "folds.count: expected at most 20, received 21"),
    ("folds.count.x=1", "folds.count is a single value; 'x' is not part of it"),
    ("folds=3", "folds: expected a table, received 3"),
    (
        "recipe.augmentation.flip=1",
        "recipes.1.augmentation.flip: expected true or false, received 1",
    ),
    ("recipe.training.ema=1.0", "recipes.0.training.ema: expected less than 1.0, received 1.0"),
    ("recipe.augmentation.zoom=nan", "recipes.0.augmentation.zoom: expected a finite number"),
    (
        "recipe.head.kind=lineer",
        "recipes.0.head.kind: expected one of 'linear' or 'glu', received 'lineer' (did you mean linear?)",
    ),
    (
        "recipes.0.name=Bad name",
        "recipes.0.name: expected text that matches ^[a-z0-9][a-z0-9-]*$, received 'Bad name'",
    ),
    ("recipes.0.name=5", "recipes.0.name: expected text, in quotes if it looks like a number"),
    ("recipes.0.name=two", "recipes: names must differ, received ['two', 'two']"),
    ("recipes=[]", "recipes: expected a list of at least 1, received []"),
    ("recipe.test_time.views=flip", "recipes.0.test_time.views: expected a list, received 'flip'"),
    ("recipes.2.name=c", "recipes: expected the position of an entry (0 to 1), received '2'"),
    ("recipes.first.name=c", "recipes: expected the position of an entry (0 to 1)"),
    ("recipe.training.stages.3.epochs=1", "(0 to 1), received '3'"),
    ("recipes=[", "expected a TOML value or a bare word, received '['"),
    ('recipe.name="a', "expected a TOML value or a bare word"),
    (
        "recipe.training.mixing={probability=0.5, cutmix_alpha=1.0}",
        "recipes.0.training.mixing.cutmix_alpha: CutMix needs feature maps",
    ),
]


@pytest.mark.parametrize(("override", "expected"), OVERRIDES)
def test_a_bad_override_is_named_with_what_was_expected(conf: Path, override: str, expected: str) -> None:
    said = message(conf, "seed=3", override)
    assert said.startswith(f"--set {override}: ")
    assert expected in said


@pytest.mark.parametrize("text", ["folds.count", "=3", "folds..count=3", "", ".a=1"])
def test_an_override_without_a_key_and_a_value_is_refused(conf: Path, text: str) -> None:
    assert message(conf, text) == f"--set: expected key=value with a dotted key, received {text!r}"


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("count = 3", "cuont = 3"), 8, "folds.cuont: unknown key (did you mean folds.count?)"),
        (("count = 3", 'count = "3"'), 8, "folds.count: expected a whole number, received '3'"),
        (("[folds]", "[fold]"), 7, "fold: unknown key (did you mean folds?)"),
        (("seed = 7", "seed = -7"), 4, "seed: expected at least 0, received -7"),
        (
            ("epochs = 4", "epochs = 0"),
            17,
            "recipes.0.training.stages.1.epochs: expected at least 1, received 0",
        ),
        (
            ('name = "two"', 'name = "two"\nhead.widht = 3'),
            21,
            "recipes.1.head.widht: unknown key (did you mean recipes.1.head.width?)",
        ),
        (('name = "two"', 'name = "one"'), 10, "recipes: names must differ"),
        (("seed = 7", "seed ="), 4, "expected valid TOML, received 'seed =' ("),
        (("seed = 7", "seed = 7\nseed = 8"), 5, "expected valid TOML, received 'seed = 8' ("),
        (("[[recipes]]", "recipes = [", 1), 11, "expected valid TOML"),
        (('"somewhere"', '"\\q"'), 5, "expected valid TOML"),
    ],
)
def test_a_bad_preset_is_named_with_file_and_line(
    conf: Path, change: tuple[str, str], line: int, expected: str
) -> None:
    file = conf / "dogs" / "two.toml"
    file.write_text(GOOD.replace(*change))
    said = message(conf)
    assert said.startswith(f"{file}:{line}: ")
    assert expected in said


def test_an_unfinished_preset_is_told_at_its_last_line(conf: Path) -> None:
    file = conf / "dogs" / "two.toml"
    file.write_text("seed = 7\nrecipes = [\n")
    assert message(conf).startswith(f"{file}:2: expected valid TOML, received the end of the file")


def test_a_preset_that_is_not_utf8_is_told_with_line_and_byte(conf: Path) -> None:
    file = conf / "dogs" / "two.toml"
    file.write_bytes(b'seed = 7\ndata.root = "caf\xe9"\n')
    assert message(conf) == f"{file}:2: expected UTF-8 text, received byte 0xe9"


def test_all_mistakes_are_told_at_once_and_only_real_ones(conf: Path) -> None:
    text = GOOD.replace("count = 3", "count = 1").replace("epochs = 2", "epochs = 0")
    (conf / "dogs" / "two.toml").write_text(text)
    assert len(message(conf).splitlines()) == 2


def test_an_unknown_preset_lists_those_there_are(conf: Path) -> None:
    expected = "preset: expected one of two, received 'tow' (did you mean two?)"
    assert message(conf, preset="tow") == expected


def test_a_preset_may_not_lead_out_of_its_folder(conf: Path) -> None:
    (conf / "other.toml").write_text("seed = 1\n")
    assert "expected one of two" in message(conf, preset="../other")


def test_a_competition_without_presets_says_where_they_are_looked_for(tmp_path: Path) -> None:
    expected = f"preset: expected a file in {tmp_path / 'dogs'}, which has none, received 'two'"
    assert message(tmp_path) == expected


def test_an_unknown_competition_lists_those_there_are() -> None:
    with pytest.raises(InvalidSettings, match=r"expected one of .*dogs.*, received 'dog' \(did you"):
        resolve("dog")
