"""What DNS says of the sender: a healthy domain is praised, and each ill is named with what to do."""

from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa

from engine.doctor.sender import aligned, sender, tags
from engine.doctor.spf import Spf, Unusable
from tests.channels.test_dkim import ED25519, RSA, pem, published
from tests.doctor.ward import HEALTHY, dns, patient, said, sick
from tests.shop import SETTINGS, workspace_of

RELAY = "host: smtp.relay.example"
SIGNED = f"{RELAY}, dkim: {{domain: shop.example, selector: s1, key: DKIM_KEY}}"
KEY = ("s1._domainkey.shop.example", "TXT")


def record(key: Any) -> list[str]:
    """A key's record, in pieces as long ones are."""
    text = published(key).decode()
    return [" ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))]


@pytest.mark.parametrize("key", [RSA, ED25519])
def test_a_healthy_domain(sqlite_store: sa.Engine, key: Any) -> None:
    with dns({**HEALTHY, KEY: record(key)}) as names:
        found = said(sender(patient(sqlite_store, SIGNED, names=names, environment={"DKIM_KEY": pem(key)})))
    assert found == [
        "ok mx: mail to shop.example goes to mx.shop.example",
        "ok spf: shop.example has an SPF record and names the relay",
        "ok dkim: the key at s1._domainkey.shop.example is that of DKIM_KEY",
        "ok dmarc: _dmarc.shop.example says p=none",
        "ok dmarc: aligned with shop.example by DKIM and SPF",
        "ok ptr: 8.8.4.4 is smtp.relay.example, there and back",
    ]


SPF, DMARC, MX, PTR = ("shop.example", "TXT"), ("_dmarc.shop.example", "TXT"), ("shop.example", "MX"), (
    "4.4.8.8.in-addr.arpa",
    "PTR",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "ill"),
    [
        ({SPF: []}, "fault spf: shop.example has no SPF record"),
        ({SPF: ['"v=spf1 -all"', '"v=spf1 ~all"']}, "fault spf: shop.example has 2 SPF records, and may have one"),
        ({SPF: ['"v=spf1 +all"']}, "fault spf: shop.example lets everybody send (+all)"),
        ({SPF: ['"v=spf1 ip4:9.9.9.9 -all"']}, "warn spf: the record of shop.example does not name the relay (8.8.4.4)"),
        ({SPF: ['"v=spf1 ipv4:8.8.4.4"']},
         "fault spf: the SPF record of shop.example has `ipv4:8.8.4.4`, which no receiver knows"),
        ({SPF: ['"v=spf1 include:shop.example"']},
         "fault spf: the SPF record costs more than 10 questions, and receivers take it for none"),
        ({DMARC: []}, "fault dmarc: shop.example has no DMARC record"),
        ({DMARC: ['"v=DMARC1; rua=mailto:x@y.example"']}, "fault dmarc: _dmarc.shop.example has no policy"),
        ({MX: []}, "fault mx: no mail can reach shop.example"),
        ({MX: [], ("shop.example", "A"): ["8.8.8.8"]}, "warn mx: shop.example has no MX; mail goes to its own address"),
        ({PTR: []}, "warn ptr: 8.8.4.4 has no name (PTR)"),
        ({PTR: ["other.example."]}, "warn ptr: 8.8.4.4 says it is other.example, which leads elsewhere"),
        ({KEY: []}, "fault dkim: s1._domainkey.shop.example has no key"),
        ({KEY: ['"v=DKIM1; p="']}, "fault dkim: s1._domainkey.shop.example: the key there is withdrawn (p= is empty)"),
        ({KEY: ['"v=DKIM1; p=AAAA"']}, "fault dkim: s1._domainkey.shop.example: what stands there is no key"),
        ({KEY: record(ED25519)},
         "fault dkim: s1._domainkey.shop.example: the key there is for ed25519, and DKIM_KEY signs with rsa"),
    ],
)  # fmt: skip
def test_an_ill_domain(sqlite_store: sa.Engine, change: dict[tuple[str, str], list[str]], ill: str) -> None:
    with dns({**HEALTHY, KEY: record(RSA), **change}) as names:
        assert sick(sender(patient(sqlite_store, SIGNED, names=names, environment={"DKIM_KEY": pem(RSA)}))) == [ill]


def test_the_key_of_somebody_else(sqlite_store: sa.Engine) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with dns({**HEALTHY, KEY: record(key)}) as names:
        found = sick(sender(patient(sqlite_store, SIGNED, names=names, environment={"DKIM_KEY": pem(RSA)})))
    assert found == ["fault dkim: s1._domainkey.shop.example: the key there is not that of DKIM_KEY"]


def test_a_key_that_is_not_set(sqlite_store: sa.Engine) -> None:
    with dns({**HEALTHY, KEY: record(RSA)}) as names:
        (found,) = sick(sender(patient(sqlite_store, SIGNED, names=names)))
    assert "the environment variable DKIM_KEY with the DKIM key is not set" in found


def test_a_sender_below_and_a_signature_of_a_stranger(sqlite_store: sa.Engine) -> None:
    mail = (
        f"{RELAY}, dkim: {{domain: other.example, selector: s1, key: DKIM_KEY}}, bounces: {{address: b@bounce.example}}"
    )
    zone = {
        **HEALTHY,
        ("s1._domainkey.other.example", "TXT"): record(RSA),
        ("bounce.example", "MX"): ["5 mx.bounce.example."],
        ("bounce.example", "TXT"): ['"v=spf1 a:smtp.relay.example mx:bounce.example redirect=nobody.example"'],
    }
    with dns(zone) as names:
        found = sick(sender(patient(sqlite_store, mail, names=names, environment={"DKIM_KEY": pem(RSA)})))
    assert found == ["fault dmarc: neither the signature's domain nor the envelope's belongs to shop.example"]


@pytest.mark.parametrize("way", ["silent", "broken"])
def test_no_answer_is_no_absence(sqlite_store: sa.Engine, way: str) -> None:
    with dns({}, **{way: True}) as names:
        found = sick(sender(patient(sqlite_store, SIGNED, names=names)))
    assert len(found) == 5
    assert all("DNS does not answer" in one and one.startswith("warn") for one in found)


def test_a_relay_inside_the_network_is_not_judged(sqlite_store: sa.Engine) -> None:
    with dns({**HEALTHY, ("smtp.relay.example", "A"): ["10.0.0.1"]}) as names:
        found = said(sender(patient(sqlite_store, RELAY, names=names)))
    assert "ok spf: shop.example has an SPF record; whether it names the relay cannot be seen from here" in found
    assert any(one.startswith("ok ptr: smtp.relay.example has an address inside the network") for one in found)
    assert any(one.startswith("ok dkim: the relay has to sign for shop.example") for one in found)


@pytest.mark.parametrize(
    ("record_text", "address", "result"),
    [
        ("v=spf1 ip4:8.8.0.0/16 -all", "8.8.4.4", "pass"),
        ("v=spf1 ip4:8.8.0.0/16 ~all", "9.9.9.9", "softfail"),
        ("v=spf1 ip6:2001:4860::/32 -all", "2001:4860:4860::8888", "pass"),
        ("v=spf1 a -all", "8.8.8.8", "pass"),
        ("v=spf1 a/24 -all", "8.8.8.1", "pass"),
        ("v=spf1 mx -all", "8.8.8.9", "pass"),
        ("v=spf1 mx:d.example/24 -all", "8.8.8.200", "pass"),
        ("v=spf1 ?all", "1.1.1.1", "neutral"),
        ("v=spf1", "1.1.1.1", "neutral"),
        ("v=spf1 include:none.example -all", "1.1.1.1", "fail"),
        ("v=spf1 redirect=other.example", "1.1.1.1", "pass"),
        ("v=spf1 exists:%{i}.x.example ptr -all", "1.1.1.1", "fail"),
        ("v=spf1 exp=why.example ip4:nonsense -all", "1.1.1.1", "fail"),
    ],
)
def test_spf(record_text: str, address: str, result: str) -> None:
    zone = {
        ("d.example", "TXT"): [f'"{record_text}"'],
        ("d.example", "A"): ["8.8.8.8"],
        ("d.example", "MX"): ["1 mx.d.example."],
        ("mx.d.example", "A"): ["8.8.8.9"],
        ("other.example", "TXT"): ['"v=spf1 ip4:1.1.1.1 -all"'],
    }
    with dns(zone) as names:
        assert Spf(names).result("d.example", address) == result


def test_an_spf_that_goes_in_a_circle_ends() -> None:
    zone = {
        ("a.example", "TXT"): ['"v=spf1 redirect=b.example"'],
        ("b.example", "TXT"): ['"v=spf1 redirect=a.example"'],
    }
    with dns(zone) as names, pytest.raises(Unusable):
        Spf(names).result("a.example", "1.1.1.1")


def test_each_address_of_the_relay_has_its_own_ten_questions(sqlite_store: sa.Engine) -> None:
    includes = [f"{letter}.example" for letter in "abcdef"]
    zone = {
        **HEALTHY,
        SPF: [f'"v=spf1 {" ".join(f"include:{one}" for one in includes)} ip4:8.8.4.0/24 ip6:2001:4860::/32 -all"'],
        **{(one, "TXT"): ['"v=spf1 ip4:9.9.9.9 -all"'] for one in includes},
        ("smtp.relay.example", "AAAA"): ["2001:4860::8844"],
    }
    with dns(zone) as names:
        found = said(sender(patient(sqlite_store, RELAY, names=names)))
    assert "ok spf: shop.example has an SPF record and names the relay" in found


def test_domains_side_by_side_below_one_policy_are_aligned(sqlite_store: sa.Engine) -> None:
    mail = f"{RELAY}, dkim: {{domain: mail.shop.example, selector: s1, key: DKIM_KEY}}"
    written = SETTINGS.replace("@shop.example>}", f"@news.shop.example>, {mail}}}")
    settings = workspace_of({}, written).settings
    assert settings is not None
    its = patient(sqlite_store, environment={"DKIM_KEY": pem(RSA)})
    its.settings = settings
    with dns({**HEALTHY, ("s1._domainkey.mail.shop.example", "TXT"): record(RSA)}) as names:
        its.names = names
        found = said(sender(its))
    assert "ok dmarc: aligned with news.shop.example by DKIM and SPF" in found


def test_alignment() -> None:
    above = "shop.example"
    assert aligned("shop.example", "mail.shop.example", above, strict=False)
    assert aligned("mail.shop.example", "shop.example", above, strict=False)
    assert aligned("mail.shop.example", "news.shop.example", above, strict=False)
    assert not aligned("mail.shop.example", "news.shop.example", above, strict=True)
    assert not aligned("mail.shop.example", "shop.example", above, strict=True)
    assert not aligned("example", "shop.example", above, strict=False)
    assert not aligned("evilshop.example", "shop.example", above, strict=False)
    assert not aligned("evilshop.example", "news.shop.example", above, strict=False)
    assert tags("v=DKIM1; k=rsa;p=AB CD ; x") == {"v": "DKIM1", "k": "rsa", "p": "ABCD"}
