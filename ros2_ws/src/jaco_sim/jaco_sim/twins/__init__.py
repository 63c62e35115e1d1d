"""Held-out profiles that stand in for reality: other dynamics, camera, light, latency, noise. Nothing that trains reads them."""
