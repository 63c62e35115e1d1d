"""Standard algorithms by Stable-Baselines3 and sb3-contrib on this project's arms: an adapter, no algorithm of its own."""
