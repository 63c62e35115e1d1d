"""Limits, filter, watchdogs and the supervisor."""
