"""Let Prefect read its settings once, so that a wrong one is one message and no traceback."""

import io
import sys
from contextlib import redirect_stderr
from typing import Any

from pydantic import ValidationError

from tasks.core import locations
from tasks.core.errors import UserError
from tasks.core.masking import masked
from tasks.core.settings.error_messages import message_of

_CONSEQUENCE = "default_factory_not_called"
"""Kind of pydantic's error for a setting whose default depends on another one that is wrong."""


def check_settings() -> None:
    """Import Prefect, which reads the environment, the active profile and its settings files.

    Raises:
        UserError: it refuses a setting, or cannot read a file.
    """
    printed = io.StringIO()  # Prefect tells of the same error there
    try:
        with redirect_stderr(printed):
            from prefect.settings import get_current_settings

            get_current_settings()
    except ValidationError as error:
        raise UserError(masked(_message(error))) from None
    except (OSError, ValueError) as error:
        home = locations.prefect_home()
        expected = "expected settings of Prefect that can be read"
        raise UserError(masked(f"{home}: {expected}, received others: {error}")) from None
    sys.stderr.write(printed.getvalue())


def _message(failure: ValidationError) -> str:
    prefix = _prefix(failure.title)
    errors = [error for error in failure.errors() if error["type"] != _CONSEQUENCE]
    return "\n".join(message_of(_named_by_variable(error, prefix), {}) for error in errors)


def _named_by_variable(error: Any, prefix: str) -> dict[str, Any]:
    """The error with the setting's variable, which profiles use too, in place of its field."""
    field, *inside = error["loc"] or ("",)
    name = str(field).upper()
    return {**error, "loc": (name if name.startswith("PREFECT_") else prefix + name, *inside)}


def _prefix(model: str) -> str:
    """What the variables of a group of settings begin with, by the name of its class."""
    from prefect.settings.base import PrefectBaseSettings

    groups: list[type[PrefectBaseSettings]] = [PrefectBaseSettings]
    for group in groups:
        groups += group.__subclasses__()
    prefixes = {group.__name__: str(group.model_config.get("env_prefix", "")) for group in groups}
    return prefixes.get(model, "PREFECT_").upper()
