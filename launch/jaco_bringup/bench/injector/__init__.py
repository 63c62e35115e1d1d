"""A node that stands in the way of messages and does to them what can go wrong with messages."""
