"""Brakes: what keeps a playbook from doing harm, and lets it go again."""
