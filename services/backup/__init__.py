"""The backup: keeps a verified copy of every original."""
