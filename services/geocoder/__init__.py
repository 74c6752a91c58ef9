"""The geocoder: names the place of every photo that has a position."""
