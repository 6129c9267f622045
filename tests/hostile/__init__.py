"""Files and addresses that are meant to do harm."""
