"""Exporting what is known of a customer."""
