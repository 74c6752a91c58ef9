"""A kind of work per asset: what is due, the loop over it, and what becomes of failures."""
