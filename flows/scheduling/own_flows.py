"""Which runs of a deployment are Podium's own: of one of its flows, with parameters that its settings accept.

Whoever can change a deployment on a Prefect server can write anything into it. What `podium serve` and
`podium worker` start is built from the name of a flow alone.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from flows.scheduling.schedule_file import PREDICT, Prediction
from tasks.core.competition import competition_names
from tasks.core.errors import InvalidSettings
from tasks.core.settings.error_messages import messages
from tasks.core.settings.resolve import config_class, resolve

MODULE = "flows.scheduling.entrypoint"


def entrypoint_of(flow: str) -> str:
    """Where Prefect finds a flow as deployments run it."""
    return f"{MODULE}.{flow}"


def checked_flow(entrypoint: str | None, parameters: Mapping[str, Any]) -> str:
    """The name of the flow that a run of a deployment is to start.

    Args:
        entrypoint: what the deployment on the server names.
        parameters: of the run.

    Raises:
        InvalidSettings: it is no flow of this project, or its settings do not accept the parameters.
    """
    flows = {entrypoint_of(name): name for name in (*competition_names(), PREDICT)}
    if entrypoint not in flows:
        expected = f"one of {', '.join(flows)}, which this checkout has"
        raise InvalidSettings(f"entrypoint: expected {expected}; received {entrypoint!r}")
    name = flows[entrypoint]
    if name == PREDICT:
        _check_prediction(parameters)
    else:
        _check_config(name, parameters)
    return name


def _check_config(competition: str, parameters: Mapping[str, Any]) -> None:
    _check_names(parameters, ("config",))
    try:
        config_class(competition).model_validate(parameters["config"])
    except ValidationError as error:
        known = config_class(competition)().model_dump(mode="json")
        raise InvalidSettings("\n".join(messages(error, known, lambda _: "config"))) from None


def _check_prediction(parameters: Mapping[str, Any]) -> None:
    known = Prediction(competition="").parameters
    _check_names(parameters, tuple(known), optional=("overrides", "name"))
    given = {name: value for name, value in (known | dict(parameters)).items() if value is not None}
    for name, value in given.items():
        is_list = isinstance(value, list)
        texts = value if is_list else [value]
        if (name == "overrides") != is_list or not all(isinstance(each, str) for each in texts):
            expected = "a list of texts" if name == "overrides" else "text"
            raise InvalidSettings(f"{name}: expected {expected}, received {value!r:.80}")
    resolve(given["competition"], overrides=given.get("overrides", ()), submission=given["submission"])


def _check_names(
    parameters: Mapping[str, Any], names: tuple[str, ...], *, optional: tuple[str, ...] = ()
) -> None:
    """Raise InvalidSettings unless the parameters have these names."""
    missing = [name for name in names if name not in parameters and name not in optional]
    if missing or set(parameters) - set(names):
        received = ", ".join(map(repr, parameters)) or "none"
        raise InvalidSettings(f"parameters: expected {', '.join(names)}; received {received}")
