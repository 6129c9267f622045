"""The counter: vouchers and points by command, told in sentences, and refused with what to do."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.daemon import clock
from engine.store.connect import connect
from engine.store.customers import vouchers
from tests.cli.test_journey import User, user  # noqa: F401

KINDS = """
5-off: {title: 5 off, value: 5}
gift: {title: A gift, value: 10, code: 'GIFT-{random}'}
seat: {title: A seat, pool: imported}
few: {title: Very few, value: 100, budget: 150}
"""


@pytest.fixture
def shop(user: User) -> User:  # noqa: F811
    user.writes("shop/settings/vouchers.yaml", KINDS)
    user.writes("customers.csv", "id,email,language\nmei,mei@example.com,zh-CN\nana,ana@example.com,ru\n")
    done = user.types("import", "customers", str(user.folder / "customers.csv"), "-w", str(user.folder / "shop"))
    assert done.exit_code == 0, done.output
    return user


def types(shop: User, *words: str) -> tuple[int, str]:
    found = shop.types(*words, "-w", str(shop.folder / "shop"))
    return found.exit_code, found.output.strip()


def test_a_voucher_is_issued_and_redeemed_once(shop: User) -> None:
    code = types(shop, "voucher", "issue", "gift", "mei@example.com", "--expires", "30 days")[1]
    assert code.startswith("GIFT-")
    assert types(shop, "voucher", "redeem", code, "--order", "o1") == (
        0,
        f"`{code}` is redeemed: A gift, customer `mei`",
    )
    again = types(shop, "voucher", "redeem", code, "--order", "o1")
    assert again == (0, f"`{code}` was redeemed with order `o1` already; nothing changes")
    status, said = types(shop, "voucher", "redeem", code, "--order", "o2")
    assert status == 1
    assert "it counts once" in said


def test_what_cannot_be_redeemed_says_what_to_do(shop: User) -> None:
    assert "look at it once more" in types(shop, "voucher", "redeem", "NOPE")[1]
    code = types(shop, "voucher", "issue", "gift", "mei", "--expires", "1 day")[1]
    with connect(shop.store).begin() as connection:
        connection.execute(sa.update(vouchers).values(expires_at=clock().replace(year=2020)))
    status, said = types(shop, "voucher", "redeem", code)
    assert status == 1
    assert f'regulars voucher extend {code} --by "7 days"' in said
    assert types(shop, "voucher", "extend", code, "--by", "7 days")[0] == 0
    assert types(shop, "voucher", "redeem", code)[0] == 0


def test_a_voucher_is_taken_back(shop: User) -> None:
    code = types(shop, "voucher", "issue", "gift", "mei")[1]
    assert types(shop, "voucher", "take-back", code)[0] == 0
    assert "regulars voucher issue gift mei" in types(shop, "voucher", "redeem", code)[1]
    assert types(shop, "voucher", "take-back", code)[0] == 1


def test_a_pool_is_filled_and_given_away(shop: User) -> None:
    assert "import more" in types(shop, "voucher", "issue", "seat", "mei")[1]
    path = shop.writes("codes.csv", "name,code\nfirst,S-1\nsecond,S-2\n")
    assert types(shop, "voucher", "import", "seat", path) == (0, "2 codes are new, 0 were known")
    assert types(shop, "voucher", "import", "seat", path) == (0, "0 codes are new, 2 were known")
    assert types(shop, "voucher", "issue", "seat", "mei") == (0, "S-1")
    assert "no pool" in types(shop, "voucher", "import", "gift", path)[1]
    assert "did you mean `seat`" in types(shop, "voucher", "import", "seet", path)[1]
    stock = types(shop, "voucher", "stock")[1].splitlines()
    assert stock[3].split() == ["seat", "1", "1"]


def test_redemptions_come_from_a_file(shop: User) -> None:
    code = types(shop, "voucher", "issue", "gift", "mei")[1]
    at = f"{clock():%Y-%m-%d %H:%M:%S}Z"
    path = shop.writes("redeemed.csv", f"code,at,order\n{code},{at},o1\nNOPE,{at},\n")
    assert "2 rows: 1 new, 0 changed, 0 unchanged, 1 rejected" in types(shop, "import", "redemptions", path)[1]
    assert "0 new, 0 changed, 1 unchanged, 1 rejected" in types(shop, "import", "redemptions", path)[1]
    assert "no voucher has the code `NOPE`" in Path(f"{path}.rejected.csv").read_text(encoding="utf-8")


def test_points_are_granted_spent_and_read(shop: User) -> None:
    assert types(shop, "points", "mei") == (0, "no points yet")
    types(shop, "points", "mei", "--grant", "50", "--reason", "a birthday")
    status, said = types(shop, "points", "mei", "--spend", "60")
    assert (status, "has 50 points; 60 cannot be spent" in said) == (1, True)
    lines = types(shop, "points", "mei@example.com", "--spend", "20")[1].splitlines()
    assert [line.split()[2:5] for line in lines[1:]] == [["granted", "+50", "50"], ["spent", "-20", "30"]]
    assert "no customer has" in types(shop, "points", "nobody")[1]


def test_before_a_merge_it_is_said_what_will_not_suffice(shop: User) -> None:
    shop.writes(
        "shop/hello.yaml",
        "playbook: hello\nstatus: active\nwhen: {every: monday, at: '10:00'}\n"
        "do:\n  - voucher: few\n  - voucher: seat\n  - email: hi\n",
    )
    shop.writes("shop/messages/hi/en.md", "---\nsubject: Hi\n---\nHello.\n")
    folder = str(shop.folder / "shop")
    assert shop.types("validate", folder).exit_code == 0
    found = shop.types("validate", folder, "--store", shop.store)
    assert found.exit_code == 1
    assert "2 customers are concerned now: 2 x 100 is 200 GBP, and 150 of the budget is left" in found.output
    assert "2 customers are concerned now, and the pool of voucher `seat` has 0 codes" in found.output
    assert "1 customer reads zh-CN, but messages/thank-you has only de, en" in found.output
    assert "= note: 1 customer reads ru, 1 customer reads zh-CN" in found.output
