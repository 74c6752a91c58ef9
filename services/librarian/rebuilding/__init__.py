"""The ledger made anew from the folders of the originals and the records in them."""
