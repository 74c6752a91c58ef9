"""The dashboard: shows what the ledger knows."""
