"""Answers: what happened and why, what would happen, and what it brought; all of them only read."""
