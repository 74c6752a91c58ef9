"""The librarian: files what arrives, with its date, and writes the ledger."""
