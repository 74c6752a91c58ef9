"""Dates decided anew over stored evidence, shown as a diff, applied and undone as jobs."""
