"""Tests in which nothing runs for a while: what happens then is caught up with after."""

import pytest

from tests.rehearse.shop import HEAD, problems, told

SLEPT = f"""\
{HEAD}
  - name: nothing runs for a day
    events:
      - {{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 320}}
    asleep: [%s]
    until: 2026-03-05 00:00
    expect:
      - {{at: 2026-03-02 09:00, customer: mei, voucher: 30-off}}
      - {{at: 2026-03-02 09:00, customer: mei, email: thanks}}
"""


@pytest.mark.parametrize("begins", ["2026-03-01 11:59", "2026-03-01 12:00"])
def test_what_happens_meanwhile_is_caught_up_with(begins: str) -> None:
    assert told(SLEPT % f"{begins}, 2026-03-02 09:00") == ""


@pytest.mark.parametrize(
    ("moments", "said"),
    [
        ("2026-03-02 09:00", "`asleep` needs two moments, the earlier one first"),
        ("2026-03-02 09:00, 2026-03-01 12:00", "`asleep` needs two moments, the earlier one first"),
        ("2026-03-02 09:00, 2026-03-09 12:00", "this is outside of the time of the test"),
        ("2026-03-02 09:00, soon", "soon"),
    ],
)
def test_moments_that_cannot_be_are_told(moments: str, said: str) -> None:
    assert said in problems(SLEPT % moments)
