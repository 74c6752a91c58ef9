"""The thumbnailer: makes a thumbnail and a preview of every picture."""
