"""Any arm that ros2_control drives: joint states in, commands to a forward command or trajectory controller out."""
