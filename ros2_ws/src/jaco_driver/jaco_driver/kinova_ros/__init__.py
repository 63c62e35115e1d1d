"""The Jaco of the second generation behind a ROS 2 port of kinova-ros."""
