"""Frame sources, calibration and the camera node."""
