"""One module per command of `jaco`."""
