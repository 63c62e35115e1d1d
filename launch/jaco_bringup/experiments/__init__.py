"""Experiments that anyone can rerun: conditions and seeds through the graph, results.json and a plot beside the paper's."""
