"""Podium's settings of Prefect, put into the environment before Prefect is imported.

Prefect reads its settings once, at import; it reads a settings file from the current directory only.
"""

import os
from pathlib import Path

from flows.runtime.prefect_profile import CLIENT_STRING, SERVER_STRING, any_setting
from flows.runtime.proxies import bypass_for_loopback, drop_unusable
from flows.runtime.settings_check import check_settings
from tasks.core import locations
from tasks.core.errors import UserError

DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # The pages of the new UI contact an external host from the browser, whatever the settings are.
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
    # Leases kept in memory are lost when the server ends, and their slots stay taken.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # The server records 40 task runs a second one by one, 110 in batches.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # Seconds, the minimum; the automation in `local_server` waits for three of them.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "podium",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}


def environment() -> dict[str, str]:
    """Podium's settings of Prefect; variables that the user has set keep their values."""
    settings = {"PREFECT_HOME": str(locations.prefect_home()), **DEFAULTS}
    return {name: os.environ.get(name, value) for name, value in settings.items()}


def apply(url: str | None) -> None:
    """Put the settings into the environment of this process, and import Prefect, which nothing has yet.

    `url` is that of the server's API; None for a temporary server that ends with the run.

    Raises:
        UserError: Prefect's home cannot be made, its client cannot use the proxy before the server, or it
            refuses a setting of the user.
    """
    ensure_home()
    bypass_for_loopback(url=url)
    drop_unusable(url)
    os.environ.update(environment())
    if (string := os.environ.get(SERVER_STRING)) and not os.environ.get("PREFECT_API_KEY"):
        os.environ.setdefault(CLIENT_STRING, string)  # what our server asks for, our client sends
    if url is None:
        os.environ.pop("PREFECT_API_URL", None)
        os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "true"
    else:
        os.environ["PREFECT_API_URL"] = url
    check_settings()


def check() -> None:
    """Refuse what `apply` refuses, for commands that run nothing: they import Prefect only to ask it.

    Raises:
        UserError: as `apply` does.
    """
    if any_setting():
        apply(None)
    else:
        ensure_home()


def ensure_home() -> Path:
    """Prefect's home; creates it if needed, since Prefect only warns where the parent folder is missing.

    Raises:
        UserError: it cannot be made, or not be written to because it is another user's.
    """
    home = locations.prefect_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        received = f"{home} ({error.strerror})"
        raise UserError(f"PREFECT_HOME: expected a folder that can be made, received {received}") from None
    if not os.access(home, os.W_OK):
        raise UserError(f"PREFECT_HOME: expected a folder that can be written to, received {home}")
    return home
