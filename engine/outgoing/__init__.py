"""What goes out: from a row of the outbox to a letter, and which channel is tried next."""
