"""Shared ROS helpers: the only place below the nodes that imports rclpy."""
