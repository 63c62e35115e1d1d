"""The emulated arm in the simulator's scene: what stands around it, and what a camera sees of both."""
