"""The word that an author likely meant, where it is plain; otherwise nothing is guessed."""

from collections.abc import Iterable


def near(word: str, known: Iterable[str]) -> str | None:
    """The nearest of the known words, if about one letter in four is enough to get there."""
    allowed = max(1, (len(word) + 1) // 4)
    found = sorted((distance(word, one, allowed), one) for one in known if abs(len(one) - len(word)) <= allowed)
    return found[0][1] if found and found[0][0] <= allowed else None


def distance(left: str, right: str, limit: int) -> int:
    """How many letters to add, drop, change or swap with their neighbour; counting ends beyond `limit`."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        previous, before, row = before, row, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, previous[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def suggest(word: str, known: Iterable[str], named: str) -> tuple[str, ...]:
    """The help for an unknown word: the near one, else all there are (`named` says what they are)."""
    choices = sorted(known)
    found = near(word, choices)
    if found is not None:
        return (f"did you mean `{found}`?",)
    if not choices:
        return ()
    shown = ", ".join(choices[:30]) + (" …" if len(choices) > 30 else "")
    return (f"{named}: {shown}",)
