"""The simulated scene, arm and camera, lockstep, and gymnasium environments."""
