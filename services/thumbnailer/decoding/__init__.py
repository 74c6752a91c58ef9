"""Decoders of foreign pictures and videos; runs in child processes only."""
