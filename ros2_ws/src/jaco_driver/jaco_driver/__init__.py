"""Arm backends behind one port, and the driver node."""
