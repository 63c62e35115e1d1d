"""A backend's own endpoint on ROS topics and services, beside the driver's node and independent of its executor."""
