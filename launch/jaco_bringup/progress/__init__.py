"""Live progress of a run in the terminal of the `jaco` command."""
