"""The shop's own people: whose turn it is, what they are asked, what they did, and who is reminded of it."""
