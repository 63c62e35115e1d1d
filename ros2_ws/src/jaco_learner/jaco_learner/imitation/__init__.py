"""Learning what an expert that knows the simulator's state would do: behaviour cloning and DAgger."""
