"""All SQL of the librarian."""
