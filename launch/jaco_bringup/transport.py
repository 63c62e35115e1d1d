"""How the messages of a graph in real time travel: by UDP, since over shared memory Fast DDS lets processes wait for each other.

Who publishes to a participant that is new, a viewer or `ros2 topic echo`, first asks whether its port in shared memory is alive,
and can wait a third of a second for the answer (github.com/eProsima/Fast-DDS/issues/6535); meanwhile it publishes to nobody. A
supervisor that is held up so long stops the arm. Nobody waits for a UDP socket, and a killed process leaves no lock behind. What
a socket has no room for is lost, or comes late: in lockstep, where nobody is late, messages stay in shared memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

_RANGE, _TRANSPORTS = "ROS_AUTOMATIC_DISCOVERY_RANGE", "FASTDDS_BUILTIN_TRANSPORTS"
# As Fast DDS 3 and 2 call it.
_PROFILES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
# Who has set one of these has chosen, or asks of rmw_fastrtps what the profile here does not do.
_CHOSEN = (*_PROFILES, _TRANSPORTS, "ROS_STATIC_PEERS", "ROS_LOCALHOST_ONLY")


def udp_alone(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns what a process needs beside `environment` for Fast DDS to use UDP alone; nothing where that was left to be chosen.

    Whom the process discovers stays as `environment` says.
    """
    if any(environment.get(name) for name in _CHOSEN):
        return {}
    if environment.get(_RANGE, "").upper() != "LOCALHOST":
        return {_TRANSPORTS: "UDPv4"}
    # rmw_fastrtps adds shared memory to this range whatever a profile says.
    return {_RANGE: "SYSTEM_DEFAULT", **dict.fromkeys(_PROFILES, str(files("jaco_bringup") / "localhost.xml"))}
