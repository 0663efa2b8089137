"""What is refused before anything runs: alike by `run`, `plan`, `check` and `accept`, in one message."""

from tests.flows.situations.situation import Situation, preset, unset

ALL = "podium {run,plan,check,accept} dogs --preset"


WEIGHTS = '[[recipes]]\nname = "a"\n[[recipes.trunk.backbones]]\nweights = "$PODIUM_WEIGHTS/x.h5"\n'
SITUATIONS = [
    Situation(
        "There is no competition of this name",
        "podium {run,plan,check,accept,blend} dgos",
        2,
        ("competition: expected one of dogs, extraction, nl2sql, received 'dgos' (did you mean dogs?)",),
    ),
    Situation(
        "There is no preset of this name",
        f"{ALL} frozn --set data.root=DATA",
        2,
        ("received 'frozn' (did you mean frozen?)",),
    ),
    Situation(
        "A preset's TOML is malformed",
        f"{ALL} mine --set data.root=DATA",
        2,
        ("CONF/dogs/mine.toml:2: ",),
        (preset("[folds]\ncount = = 3\n"),),
    ),
    Situation(
        "A preset has a misspelled setting",
        f"{ALL} mine --set data.root=DATA",
        2,
        ("CONF/dogs/mine.toml:2: folds.cuont: unknown key (did you mean folds.count?)",),
        (preset("[folds]\ncuont = 3\n"),),
    ),
    Situation(
        "A setting's name is another one's",
        f"{ALL} demo --set recipe.training.lr=0.1",
        2,
        ("recipes.0.training.lr: unknown key (did you mean recipes.0.training.stages.0.learning_rate?)",),
    ),
    Situation(
        "A setting's name is like no other",
        f"{ALL} demo --set folds.qqq=3",
        2,
        ("--set folds.qqq=3: folds.qqq: unknown key; expected one of count, seed",),
    ),
    Situation(
        "A setting's value is wrong",
        f"{ALL} demo --set folds.count=1",
        2,
        ("--set folds.count=1: folds.count: expected at least 2, received 1",),
    ),
    Situation(
        "`--set` without a value",
        f"{ALL} demo --set folds.count",
        2,
        ("--set: expected key=value with a dotted key, received 'folds.count'",),
    ),
    Situation(
        "The folder of raw files is not there",
        f"{ALL} demo --set data.root=NOWHERE",
        2,
        ("data.root: expected a file or folder that exists, received 'NOWHERE'",),
    ),
    Situation(
        "The folder of raw files is a file",
        f"{ALL} demo --set data.root=FILE",
        2,
        ("FILE: expected a folder with the raw files, received a file",),
    ),
    Situation(
        "The folder of raw files is of a user who is not there",
        f"{ALL} demo --set data.root=~nosuchuser/x",
        2,
        ("data.root: expected a path, received '~nosuchuser/x'",),
    ),
    Situation(
        "A path names a variable that is not set",
        f"{ALL} demo --set 'data.root=$NO_SUCH_VARIABLE/x'",
        2,
        ("NO_SUCH_VARIABLE is not set; preset demo reads it in data.root",),
    ),
    Situation(
        "A preset reads weights, and `PODIUM_WEIGHTS` is not set",
        f"{ALL} frozen --set data.root=DATA",
        2,
        ("PODIUM_WEIGHTS is not set; preset frozen reads it in recipes.0.trunk.backbones.0.weights",),
        (unset("PODIUM_WEIGHTS"),),
    ),
    Situation(
        "The file of weights is not there",
        f"PODIUM_WEIGHTS=DATA {ALL} mine --set data.root=DATA",
        2,
        (
            "recipes.0.trunk.backbones.0.weights: expected a file or folder that exists, "
            "received '$PODIUM_WEIGHTS/x.h5' (DATA/x.h5)",
        ),
        (preset(WEIGHTS),),
    ),
    Situation(
        "There is no earlier submission of this name",
        "podium {run,plan,accept} dogs --from nonsense",
        2,
        ("received 'nonsense'",),
    ),
    *(
        Situation(
            f"`{name}` is {what}",
            f"{name}={value} {ALL} demo --set data.root=DATA",
            2,
            (f"{name}: {said}",),
        )
        for name, value, what, said in (
            ("PODIUM_SLOTS", "abc", "no number", "expected a whole number"),
            ("KERAS_BACKEND", "foo", "no backend", "expected tensorflow, jax, torch, received 'foo'"),
            ("PODIUM_STORE", "FILE", "a file", "expected a folder that can be made, received FILE"),
            ("PODIUM_SUBMISSIONS", "FILE", "a file", "expected a folder that can be made, received FILE"),
            ("PODIUM_SLOT_FOLDER", "FILE", "a file", "expected a folder that can be made, received FILE"),
            ("PODIUM_STORE", "~nosuchuser/x", "of a user who is not there", "expected a path, received"),
            ("PODIUM_MIRROR", "http://host/place", "no mirror", "expected an address like s3://"),
        )
    ),
    Situation(
        "Prefect's home cannot be made",
        "PREFECT_HOME=FILE/prefect podium {run,plan,accept} dogs --preset demo --set data.root=DATA",
        2,
        ("PREFECT_HOME: expected a folder that can be made, received FILE",),
        (unset("PREFECT_API_URL"),),
    ),
    Situation(
        "`--timeout` is no duration",
        "podium {run,plan} dogs --preset demo --timeout soon",
        2,
        ("--timeout: expected a number with m, h, d or w",),
    ),
    Situation(
        "`--timeout` is zero",
        "podium {run,plan} dogs --preset demo --timeout 0m",
        2,
        ("--timeout: expected a duration above zero, received '0m'",),
    ),
    Situation(
        "`--quiet` and `--verbose` at once",
        "podium {run,blend,search} dogs --quiet --verbose",
        2,
        ("--quiet: expected it without --verbose, received both",),
        (),
    ),
    Situation(
        "A name that cannot be a folder's",
        "podium {run,blend} dogs --name a/b",
        2,
        ("--name: expected 1 to 64 letters, digits, dots, dashes and underscores",),
    ),
    Situation(
        "There is no command of this name",
        "podium rnu dogs",
        2,
        ("No such command 'rnu'",),
    ),
    Situation("An argument is missing", "podium run", 2, ("Missing argument 'competition'",)),
    Situation("There is no option of this name", "podium run dogs --prset best", 2, ("No such option",)),
]
