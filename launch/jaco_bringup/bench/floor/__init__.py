"""The floor of the control chain's latency: the same hops in bare rclpy, with the bare network in between."""
