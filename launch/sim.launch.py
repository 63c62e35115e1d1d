"""ros2 launch jaco_bringup sim.launch.py; --show-args lists the arguments. The graph itself is in jaco_bringup/graph.py."""

from launch import LaunchDescription

from jaco_bringup.launch_adapter import describe


def generate_launch_description() -> LaunchDescription:
    return describe("sim")
