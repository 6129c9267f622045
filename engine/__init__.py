"""Regulars: marketing automation as code."""
