"""Perception on a real arm: where the task's object is, from the camera's picture, or why that is not known."""
