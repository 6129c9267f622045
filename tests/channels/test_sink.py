"""The mail server of the demo."""

import socket
from pathlib import Path

import pytest

from engine.channels import Letter
from engine.channels.sink import Received, Sink, into_folder
from tests.channels.posting import channel, send


def talk(port: int, said: bytes) -> list[bytes]:
    """Says everything at once and reads until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(said)
        answer = b""
        while piece := line.recv(4096):
            answer += piece
    return answer.split(b"\r\n")[:-1]


def test_every_mail_becomes_a_file_and_a_line(tmp_path: Path) -> None:
    said: list[str] = []
    content = b"Subject: =?utf-8?b?5oSf6LCi?= hi\r\n\r\nBody\r\n"
    with Sink(into_folder(tmp_path / "mails", said.append)) as sink, channel(sink.port, host="127.0.0.1") as smtp:
        for number in (1, 2):
            send(smtp, Letter("m", "s@example.com", f"mei{number}@example.com", content))
    assert [path.name for path in sorted((tmp_path / "mails").iterdir())] == [
        "0001-mei1@example.com.eml",
        "0002-mei2@example.com.eml",
    ]
    assert (tmp_path / "mails" / "0001-mei1@example.com.eml").read_bytes() == (
        b"Return-Path: <s@example.com>\r\n" + content
    )
    assert said[0] == "mei1@example.com  感谢 hi  0001-mei1@example.com.eml"


def test_a_file_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    into_folder(tmp_path, lambda _: None)(Received("s@example.com", ("../../etc/passwd@example.com",), b"x"))
    assert [path.name for path in tmp_path.iterdir()] == ["0001-.._.._etc_passwd@example.com.eml"]


def test_commands_sent_in_one_go_are_answered_in_order() -> None:
    mails: list[Received] = []
    with Sink(mails.append) as sink:
        answers = talk(
            sink.port,
            b"EHLO me\r\nDATA\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
            b"..a\r\nb\r\n.\r\nNOOP\r\nHELP\r\nQUIT\r\n",
        )
    assert [answer[:3] for answer in answers] == [
        b"220", b"250", b"250", b"250", b"250", b"503", b"250", b"250", b"354", b"250", b"250", b"502", b"221",
    ]  # fmt: skip
    assert mails == [Received("a@example.com", ("b@example.com",), b".a\r\nb\r\n")]


def test_an_endless_line_ends_the_connection() -> None:
    with Sink(lambda _: None) as sink:
        assert talk(sink.port, b"x" * 5000)[-1] == b"552 too much"


def test_a_port_that_is_taken_is_an_error() -> None:
    with Sink(lambda _: None) as sink, pytest.raises(OSError), Sink(lambda _: None, port=sink.port):
        pass
