"""The decisions of the librarian: pure functions, no input or output."""
