"""A policy's card as a file: JSON beside the weights, of a format that is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jaco_core.errors import ConfigError

FORMAT_VERSION = 1
CARD_FILE = "card.json"


def read_card_file(folder: Path) -> dict[str, Any]:
    """Returns what the card in `folder` says, as it stands there.

    Raises:
        ConfigError: it is missing or is no card of this format.
    """
    path = folder / CARD_FILE
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(f"There is no policy in {folder}: {CARD_FILE} is missing.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as a policy's card: {error}.") from None
    version = data.get("format_version") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise ConfigError(f"{path} has format version {version}, this program reads {FORMAT_VERSION}.")
    assert isinstance(data, dict)
    return data
