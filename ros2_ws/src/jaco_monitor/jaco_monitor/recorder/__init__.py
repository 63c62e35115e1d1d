"""The recorder: everything that the graph says, in one file."""
