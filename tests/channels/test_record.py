"""The channel of rehearsals."""

from engine.channels import Accepted, Channel, Done, Letter, Record


def test_it_keeps_what_is_handed_over_and_nothing_else() -> None:
    record = Record()
    channel: Channel = record
    letters = [Letter(f"m{n}", "shop@example.com", "c@example.com", b"x") for n in range(3)]
    first, _, third = channel.offer(letters)
    assert isinstance(first, Accepted)
    assert isinstance(third, Accepted)
    assert record.letters == []
    assert channel.hand_over([first, third]) == [Done("250 kept")] * 2
    assert [letter.key for letter in record.letters] == ["m0", "m2"]
    channel.close()
