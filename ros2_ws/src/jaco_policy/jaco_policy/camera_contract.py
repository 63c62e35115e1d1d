"""What a policy sees, as its card says. It is read without the network, so that a graph can be made that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaco_core.cameras import POLICY, further_cameras
from jaco_core.errors import ConfigError, ContractError
from jaco_policy.card_file import CARD_FILE, read_card_file


@dataclass(frozen=True)
class CameraContract:
    """The pictures that the policy reads, all of one size.

    Its own camera's and, in this order, those of the `further` ones, by the names that their topics come from; with `depth` each
    view has its depth, too. `jaco_core.views` makes one picture of them.
    """

    name: str = "policy_camera"
    width: int = 64
    height: int = 64
    encoding: str = "rgb8"
    further: tuple[str, ...] = ()
    depth: bool = False

    def __post_init__(self) -> None:
        further_cameras(self.further)

    def __str__(self) -> str:
        names = ", ".join((POLICY, *self.further))
        return f"{self.width} x {self.height} {self.encoding} of {names} {'with' if self.depth else 'without'} depth"

    @property
    def views(self) -> int:
        """How many cameras it sees."""
        return 1 + len(self.further)

    @staticmethod
    def from_json(data: dict[str, Any]) -> CameraContract:
        """Returns the contract that a card's `camera` is. Cards that are older than further cameras and depth do not name these.

        Raises:
            ConfigError: a camera's name cannot be one, or comes twice.
        """
        return CameraContract(**{**data, "further": tuple(data.get("further", ()))})


def read_camera(folder: Path) -> CameraContract:
    """Returns what the policy in `folder` sees.

    Raises:
        ConfigError: its card is missing, is none of this format, or does not say so.
    """
    data = read_card_file(folder)
    try:
        return CameraContract.from_json(data["camera"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{folder / CARD_FILE} does not say what the policy sees: {error}.") from None


def require_one_view(policy: str, camera: CameraContract, reader: str) -> None:
    """Checks that the policy called `policy` sees nothing but its own camera's colours, which is all that `reader` has for it.

    Raises:
        ContractError: it sees further cameras, or depth.
    """
    more = (*camera.further, *(("depth",) if camera.depth else ()))
    if more:
        raise ContractError(f"Policy '{policy}' sees {' and '.join(more)} beside its camera's colours; {reader} has those alone.")
