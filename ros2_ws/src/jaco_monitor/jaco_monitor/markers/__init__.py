"""The arm, the target and the verdict for RViz."""
