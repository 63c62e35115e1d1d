"""The operator's console: dead-man key, jogging, stop, modes."""
