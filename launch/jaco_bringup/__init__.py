"""What runs: the graph as data, its readers (launch files and runner) and the `jaco` command."""
