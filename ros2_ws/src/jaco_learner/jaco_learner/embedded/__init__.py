"""The embedded learner: goes on learning inside the graph, from what was really applied."""
