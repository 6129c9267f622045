"""Runs: one customer in one playbook, what its steps may ask and do, and what they leave behind."""
