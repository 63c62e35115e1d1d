"""Intel RealSense cameras through their Python wheel, pyrealsense2, which is imported when such a source is asked for."""
