"""A gate without an engine behind it: lets every letter go, and counts what was taken."""

from collections.abc import Collection, Sequence

from engine.channels import Done, Letter, Outcome


class OpenGate:
    """Keeps no record: what a channel costs by itself."""

    def __init__(self) -> None:
        self.done = 0

    def may_go(self, letters: Sequence[Letter]) -> Collection[str]:
        """All of them."""
        return {letter.key for letter in letters}

    def tell(self, letter: Letter, outcome: Outcome) -> None:
        """Counts a letter that was taken; everything else is a fault of the benchmark."""
        assert isinstance(outcome, Done), (letter.key, outcome)
        self.done += 1
