"""Words of the command line and of the environment, which are any bytes."""


def is_text(word: str) -> bool:
    """Whether it can be written as UTF-8; Python keeps other bytes too, as halves of characters."""
    return not any("\ud800" <= one <= "\udfff" for one in word)
