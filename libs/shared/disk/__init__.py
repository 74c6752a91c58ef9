"""Folders that hold photos: their markers, writing without clobbering, the brake."""
