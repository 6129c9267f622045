"""Instants and lengths: the clock on the wall, the days of the week, and the days on which a shop works."""
