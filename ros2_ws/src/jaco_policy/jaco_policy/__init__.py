"""Networks, checkpoints, the observation contract and inference."""
