"""Markers, transforms, diagnostics, recorder, console and report."""
