"""Resets on a real arm: back to a start of the task's, through the supervisor, and on when the target lies still in sight."""
