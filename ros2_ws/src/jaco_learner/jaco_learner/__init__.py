"""Algorithms, rollouts, training and evaluation."""
