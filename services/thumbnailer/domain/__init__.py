"""Pure functions of the service: no I/O, no clock, no framework."""
