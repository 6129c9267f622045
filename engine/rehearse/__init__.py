"""Rehearsals: the real engine on a virtual clock, for tests and for replaying a history."""
