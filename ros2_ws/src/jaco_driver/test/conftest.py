"""An emulator for each test that asks for one, and clients that connect to it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jaco_driver.emulator.emulator import Emulator

# So that tests find their support modules in every import mode of pytest.
sys.path.insert(0, str(Path(__file__).parent))

from wire_client import WireClient


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def connect(emulator: Emulator) -> Iterator[Callable[..., WireClient]]:
    """Returns a function that connects a client to the emulator, without a session."""
    clients: list[WireClient] = []

    def make(udp: bool = False) -> WireClient:
        clients.append(WireClient(emulator.host, emulator.udp_port if udp else emulator.tcp_port, udp))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool], str], None]:
    """Returns a function that waits until a condition holds and fails with its name when it never does."""

    def wait(condition: Callable[[], bool], name: str, timeout: float = 30.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"{name} did not come within {timeout} s"
            time.sleep(0.005)

    return wait
