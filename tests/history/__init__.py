"""The proof: every playbook over the whole history, and nobody is bothered."""
