"""The demo: a real purchase history replayed through the real engine, then real mails into a local sink."""
