"""Arms, kinematics, plain types, units, errors and shared ROS helpers."""
