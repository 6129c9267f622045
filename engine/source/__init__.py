"""Files that people wrote: their text, the place of every value in it, and what is wrong with it."""
