"""What comes back: bounces, complaints and mails that ask to leave; read, believed only where signed, and recorded once."""
