"""What is known after a call: a reply, nothing sent, or nothing known; and which hosts are called at all."""

import socket
import ssl
from pathlib import Path

import pytest

from engine.channels.http import Answer, Call, Http, Silence
from engine.channels.inside import Allowed, check_url, is_inside
from tests import faulty_http as way
from tests.faulty_http import Behaviour, answers, closed_port, faulty

PEM = Path(__file__).parent / "localhost.pem"
INSIDE = Allowed(["127.0.0.1", "localhost"])


def call(url: str, timeout: float = 0.4) -> Call:
    return Call("POST", url, {"X-Key": "k"}, b"body", timeout)


def ask(url: str, allowed: Allowed = INSIDE, timeout: float = 0.4, most: int = 1000) -> Answer | Silence:
    http = Http(allowed, most=most)
    try:
        return http.ask([call(url, timeout)])[0]
    finally:
        http.close()


def asked_of(behaviour: Behaviour, timeout: float = 0.4) -> Answer | Silence:
    with faulty(behaviour) as server:
        return ask(server.url, timeout=timeout)


def test_a_reply() -> None:
    with faulty(answers(201, "made", retry_after="7")) as server:
        found = ask(f"{server.url}/a/b?c=d", timeout=5)
    assert found == Answer(201, {"retry-after": "7", "content-length": "4"}, b"made", whole=True)
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/a/b?c=d", b"body")
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["x-key"] == "k"


def test_several_at_once_in_their_order() -> None:
    with faulty(lambda talk: answers(200, talk.asked.target)(talk)) as server:
        http = Http(INSIDE)
        found = http.ask([call(f"{server.url}/{n}", 5) for n in range(20)])
        again = http.ask([call(f"{server.url}/again", 5)])
        http.close()
    assert [one.body for one in found if isinstance(one, Answer)] == [f"/{n}".encode() for n in range(20)]
    assert isinstance(again[0], Answer)
    assert server.opened == 21  # a connection each: none that rested can be closed under a request


@pytest.mark.parametrize(
    "behaviour",
    [way.hangs, way.drops, way.breaks_in_the_head, way.trickles, way.speaks_something_else, way.babbles_in_the_head],
)
def test_a_request_that_left_without_a_reply_is_a_doubt(behaviour: Behaviour) -> None:
    found = asked_of(behaviour)
    assert isinstance(found, Silence)
    assert found.gone


@pytest.mark.parametrize("behaviour", [way.breaks_in_the_body, way.babbles, way.trickles_the_body])
def test_a_status_counts_whatever_becomes_of_the_body(behaviour: Behaviour) -> None:
    found = asked_of(behaviour)
    assert isinstance(found, Answer)
    assert (found.status, found.whole) == (200, False)
    assert len(found.body) <= 1000


def test_a_refused_connection_is_certain() -> None:
    found = ask(f"http://127.0.0.1:{closed_port()}/")
    assert found == Silence(found.reason, gone=False)  # type: ignore[union-attr]
    assert "no connection" in found.reason  # type: ignore[union-attr]


def test_a_name_that_does_not_exist_is_certain() -> None:
    found = ask("https://provider.invalid/", timeout=5)
    assert isinstance(found, Silence)
    assert not found.gone


def test_a_connection_that_is_never_answered_is_certain() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # takes the one place in the queue
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            found = ask(f"http://127.0.0.1:{port}/", timeout=0.2)
            for filler in fillers:
                filler.close()
    assert isinstance(found, Silence)
    assert not found.gone


def test_redirects_are_told_and_not_followed() -> None:
    with faulty(answers(200)) as second, faulty(answers(302, location=second.url)) as first:
        found = ask(first.url, timeout=5)
    assert isinstance(found, Answer)
    assert found.status == 302
    assert not second.asked


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(answers(200, "direct")) as server, faulty(answers(200, "proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        found = ask(server.url, timeout=5)
    assert isinstance(found, Answer)
    assert found.body == b"direct"
    assert not proxy.asked


def test_cookies_are_not_kept() -> None:
    with faulty(answers(200, set_cookie="a=b")) as server:
        http = Http(INSIDE)
        http.ask([call(server.url, 5)])
        http.ask([call(server.url, 5)])
        http.close()
    assert all("cookie" not in asked.headers for asked in server.asked)


def secure(host: str, trusted: bool) -> Answer | Silence:
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(PEM)
    tls = ssl.create_default_context(cafile=str(PEM)) if trusted else None
    with faulty(answers(200, "secret"), tls=server_side) as server:
        http = Http(Allowed([host]), tls=tls)
        found = http.ask([call(f"https://{host}:{server.port}/", 5)])[0]
        http.close()
    return found


def test_tls_asks_for_the_name_though_the_connection_goes_to_an_address() -> None:
    found = secure("localhost", trusted=True)
    assert isinstance(found, Answer)
    assert found.body == b"secret"


def test_a_certificate_of_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo

    def look_up(host: str, *args: object, **kwargs: object) -> object:
        return known("127.0.0.1" if host == "other.example" else host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    found = secure("other.example", trusted=True)
    assert isinstance(found, Silence)
    assert not found.gone
    assert "ertificate" in found.reason or "CERTIFICATE" in found.reason


def test_a_certificate_of_nobody_is_refused() -> None:
    found = secure("localhost", trusted=False)
    assert isinstance(found, Silence)
    assert not found.gone


INSIDE_ADDRESSES = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "nothing",
    "127.1",
    "0x7f000001",
    "2130706433",
]


@pytest.mark.parametrize("address", INSIDE_ADDRESSES)
def test_addresses_inside(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "172.15.0.1",
        "172.32.0.1",
        "100.63.0.1",
        "192.167.1.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_addresses_outside(address: str) -> None:
    assert not is_inside(address)


HOSTILE = [
    "http://127.0.0.1/",
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://017700000001:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127。0。0。1:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://provider.example@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@127.0.0.1:{port}/",
    "http://provider.example\\@127.0.0.1:{port}/",
    "http://provider.example#@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\r\nHost: provider.example/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/",
    "http://10.0.0.1/",
    "http://192.168.0.1:8080/",
    "http://100.100.100.200/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:{port}/",
    "unix:///var/run/docker.sock",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "http:///",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999999/",
    "",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_spelling_leads_inside(hostile: str) -> None:
    """Nothing is asked, and it is certain that nothing left; also where the first look at the address is left out."""
    with faulty(answers(200, "inside")) as server:
        found = ask(hostile.replace("{port}", str(server.port)), Allowed([]), timeout=3)
    assert isinstance(found, Silence)
    assert not found.gone
    assert not server.asked


def test_a_name_that_leads_inside_is_not_called_unless_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may have one open address and one inside, and may change its mind between two questions."""
    asked = []

    def look_up(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        asked.append(host)
        addresses = ["93.184.215.14", "127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with faulty(answers(200)) as server:
        refused = ask(f"http://rebinding.example:{server.port}/", Allowed(["127.0.0.1"]))
        assert isinstance(refused, Silence)
        assert "allow_inside" in refused.reason
        assert "rebinding.example" in refused.reason
        assert not server.opened
        assert asked == ["rebinding.example"]


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    answers_of_dns = iter(["127.0.0.1", "127.0.0.2", "127.0.0.3"])

    def look_up(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        return [
            (
                socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (next(answers_of_dns) if host.isascii() and not host[0].isdigit() else host, port),
            )
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with faulty(answers(200, "first")) as server:
        found = ask(f"http://changing.example:{server.port}/", Allowed(["changing.example"]), timeout=5)
    assert isinstance(found, Answer)
    assert next(answers_of_dns) == "127.0.0.2"  # the name was looked up once
    assert server.asked[0].headers["host"] == f"changing.example:{server.port}"


def test_the_next_address_is_tried_where_one_does_not_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(answers(200)) as server:

        def look_up(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
            addresses = ["127.0.0.9", "127.0.0.1"] if host == "two.example" else [host]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        found = ask(f"http://two.example:{server.port}/", Allowed(["two.example"]), timeout=5)
    assert isinstance(found, Answer)


@pytest.mark.parametrize("url", [one for one in HOSTILE if "localhost" not in one.lower()])
def test_the_first_look_never_repeats_the_address(url: str) -> None:
    url = url.replace("{port}", "8080")
    try:
        check_url(url, Allowed([]))
    except ValueError as fault:
        assert len(url) < 8 or url not in str(fault)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@provider.example/",
        "ftp://provider.example/",
        "https:///x",
        "http://10.0.0.1/x",
        "http://[::1]/",
        "https://a b/",
    ],
)
def test_the_first_look_refuses(url: str) -> None:
    with pytest.raises(ValueError):
        check_url(url, Allowed([]))


def test_what_is_allowed_by_name() -> None:
    check_url("http://10.0.0.1/x", Allowed(["10.0.0.1"]))
    check_url("http://sms.lan/x", Allowed([]))  # its addresses are looked at with each call
    assert Allowed(["SMS.lan."]).refusal("sms.LAN", ["10.0.0.1"]) is None
    assert Allowed(["sms.lan"]).refusal("evil.sms.lan", ["10.0.0.1"]) is not None
