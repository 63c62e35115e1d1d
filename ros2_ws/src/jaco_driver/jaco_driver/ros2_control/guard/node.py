"""The guard's process: zeros to the controller when its driver's word ends while the arm moves.

python -m jaco_driver.ros2_control.guard.node TOPIC JOINTS NAME < the driver's ticks
"""

from __future__ import annotations

import os
import select
import sys
import time

import rclpy
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Float64MultiArray

from jaco_core.ros import qos
from jaco_driver.ros2_control.guard import MOVING

# The driver ticks every 10 ms while it moves the arm; zeros then go out so often, and for so long when it has ended [s].
SILENCE_S = 0.15
PERIOD_S = 0.02
LAST_WORDS_S = 1.0


def main() -> int:
    """Watches until the driver closes its end; returns the process's exit code."""
    topic, joints, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node(name, use_global_arguments=False, start_parameter_services=False)
    publisher = node.create_publisher(Float64MultiArray, topic, qos.COMMAND)
    zero = Float64MultiArray(data=[0.0] * joints)
    print("ready", flush=True)
    moving, wait = False, SILENCE_S
    while True:
        ready, _, _ = select.select([0], [], [], wait if moving else None)
        if not ready:
            # Silent while the arm moves: frozen or hung.
            publisher.publish(zero)
            wait = PERIOD_S
            continue
        ticks = os.read(0, 4096)
        if not ticks:
            break
        moving, wait = ticks.endswith(MOVING), SILENCE_S
    end = time.monotonic() + LAST_WORDS_S
    while moving and time.monotonic() < end:
        publisher.publish(zero)
        time.sleep(PERIOD_S)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
