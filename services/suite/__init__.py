"""The command line, the supervisor, the embedded database; it alone imports services."""
