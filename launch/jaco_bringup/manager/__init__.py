"""The lifecycle manager: brings the graph up in order and down again, the arm first."""
