"""Erasing a customer."""
