"""Mailboxes: every unread mail once, marked as read only when it is recorded, and no fault of a server loses one."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from engine.bounces import imap, reading
from engine.bounces.imap import ImapBox, open_imap
from engine.bounces.mailbox import Mailbox, MailboxError
from engine.bounces.maildir import Maildir
from engine.bounces.reading import Watch, open_mailbox, read_mailbox
from engine.bounces.record import Intake, forget
from engine.failpoints import Crash, armed
from engine.settings.mail import Bounces, Imap
from engine.store.bounces import reports
from engine.store.faults import StoreError
from tests.bounces import mails
from tests.bounces.imap_server import ImapServer, Session, trusting
from tests.bounces.worlds import ADDRESS, Answered
from tests.shop import SECRETS

STRANGE = b"To: somebody@else.example\r\nSubject: win\r\n\r\nBuy.\r\n"


def intake(world: Answered) -> Intake:
    return Intake(world.shop, SECRETS, ADDRESS)


def maildir(folder: Path, *contents: bytes) -> Maildir:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(contents):
        (folder / "new" / f"17723664{number:02}.M1P1.mx").write_bytes(content)
    return Maildir(folder)


def names(folder: Path, where: str) -> list[str]:
    return sorted(path.name for path in (folder / where).iterdir())


def box(server: ImapServer, password: str = "secret", folder: str = "INBOX") -> ImapBox:
    settings = Imap(host="localhost", port=server.port, user="bounces", password="BOX", folder=folder)
    return ImapBox(settings, password, trusting())


def test_a_maildir_is_read_once_and_what_nobody_understands_is_flagged(
    store: sa.Engine, now: datetime, tmp_path: Path
) -> None:
    world = Answered(store, now, "mei")
    found = maildir(tmp_path, mails.postfix(world.letter("mei").sender), STRANGE)
    assert read_mailbox(found, intake(world), lambda: now) == {"dead": 1, "ignored": 1}
    assert names(tmp_path, "new") == []
    assert names(tmp_path, "cur") == ["1772366400.M1P1.mx:2,S", "1772366401.M1P1.mx:2,FS"]
    assert read_mailbox(found, intake(world), lambda: now) == {}
    assert world.changed()["bounced"] == ["mei"]


def test_imap_is_read_once_and_what_nobody_understands_is_flagged(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now, "mei")
    with ImapServer(mails.postfix(world.letter("mei").sender), STRANGE) as server:
        assert read_mailbox(box(server), intake(world), lambda: now) == {"dead": 1, "ignored": 1}
        assert server.flags == {1: r"\Seen", 2: r"\Seen \Flagged"}
        assert read_mailbox(box(server), intake(world), lambda: now) == {}
        assert server.commands[-1] == "LOGOUT"
    assert world.changed()["bounced"] == ["mei"]


@pytest.mark.parametrize("kind", ["maildir", "imap"])
@pytest.mark.parametrize("place", ["bounce.read", "bounce.recorded"])
def test_a_mail_is_read_only_when_it_is_recorded(
    sqlite_store: sa.Engine, now: datetime, tmp_path: Path, kind: str, place: str
) -> None:
    world = Answered(sqlite_store, now, "mei")
    mail = mails.postfix(world.letter("mei").sender)
    with ImapServer(mail) as server:
        found: Mailbox = box(server) if kind == "imap" else maildir(tmp_path, mail)
        with armed(place), pytest.raises(Crash):
            read_mailbox(found, intake(world), lambda: now)
        assert server.unread() if kind == "imap" else names(tmp_path, "new")
        again = read_mailbox(found, intake(world), lambda: now)
        assert again == ({"dead": 1} if place == "bounce.read" else {"known": 1})
        assert not (server.unread() if kind == "imap" else names(tmp_path, "new"))
    assert world.changed()["events"] == [("message.bounced", "mei")]


def test_a_mail_that_the_engine_stumbles_over_holds_up_no_other(
    store: sa.Engine, now: datetime, tmp_path: Path
) -> None:
    world = Answered(store, now, "mei")

    def stumbling(mail: bytes, at: datetime) -> Any:
        if mail == STRANGE:
            raise ZeroDivisionError
        return intake(world)(mail, at)

    found = maildir(tmp_path, STRANGE, mails.postfix(world.letter("mei").sender))
    with structlog.testing.capture_logs() as logs:
        assert read_mailbox(found, stumbling, lambda: now) == {"dead": 1}  # type: ignore[arg-type]
    assert [one["event"] for one in logs] == ["a fault of the engine; one mail waits in the mailbox"]
    assert names(tmp_path, "new") == ["1772366400.M1P1.mx"]
    assert world.changed()["bounced"] == ["mei"]


def test_a_store_that_is_away_leaves_the_mail_unread(sqlite_store: sa.Engine, now: datetime, tmp_path: Path) -> None:
    world = Answered(sqlite_store, now, "mei")
    found = maildir(tmp_path, mails.postfix(world.letter("mei").sender))
    with sqlite_store.begin() as connection:
        connection.exec_driver_sql(
            "PRAGMA query_only = ON"
        )  # as a disk that was mounted anew without the right to write
        connection.execute(sa.text("SELECT 1"))
    with pytest.raises(StoreError, match="cannot be written"):
        read_mailbox(found, intake(world), lambda: now)
    assert len(names(tmp_path, "new")) == 1


def test_a_mail_of_5_megabytes_is_not_fetched_whole(sqlite_store: sa.Engine, now: datetime) -> None:
    world = Answered(sqlite_store, now, "mei")
    with ImapServer(mails.postfix(world.letter("mei").sender) + b"x" * 5_000_000) as server:
        assert read_mailbox(box(server), intake(world), lambda: now) == {"ignored": 1}
        assert server.flags == {1: r"\Seen \Flagged"}


def test_a_maildir_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(MailboxError, match=r"nowhere cannot be read: No such file"),
        Maildir(tmp_path / "nowhere").unread(),
    ):
        pass


def hang(_session: Session, line: str) -> bool:
    if line.startswith("UID FETCH"):
        Event().wait(2)
        return True
    return False


def drop(session: Session, line: str) -> bool:
    return line.startswith("UID FETCH") and session.connection.close() is None


@pytest.mark.parametrize(
    ("misbehave", "said"),
    [(hang, "timed out"), (drop, "."), (lambda session, line: line.startswith("SELECT"), ".")],
    ids=["hangs", "drops", "closes"],
)
def test_a_server_that_fails_is_told_of_and_loses_nothing(
    sqlite_store: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch, misbehave: Any, said: str
) -> None:
    monkeypatch.setattr(imap, "_STEP", 0.3)
    world = Answered(sqlite_store, now, "mei")
    with ImapServer(mails.postfix(world.letter("mei").sender)) as server:
        server.misbehave = misbehave
        with pytest.raises(MailboxError, match=f"of bounces on localhost cannot be read: .*{said}"):
            read_mailbox(box(server), intake(world), lambda: now)
        assert server.unread() == [1]
        server.misbehave = lambda _session, _line: False
        assert read_mailbox(box(server), intake(world), lambda: now) == {"dead": 1}


def test_a_login_that_fails_never_shows_the_password() -> None:
    with ImapServer() as server, pytest.raises(MailboxError) as caught, box(server, "hunter2").unread():
        pass
    assert "AUTHENTICATIONFAILED" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_folder_that_is_not_there_is_named() -> None:
    with (
        ImapServer() as server,
        pytest.raises(MailboxError, match="no such folder"),
        box(server, folder="Junk").unread(),
    ):
        pass


def test_a_server_whose_certificate_nobody_knows_is_not_spoken_to() -> None:
    with ImapServer() as server:
        stranger = ImapBox(box(server).settings, "secret")
        with pytest.raises(MailboxError, match="CERTIFICATE_VERIFY_FAILED"), stranger.unread():
            pass
        assert server.commands == []


def test_the_settings_name_the_mailbox() -> None:
    there = {"host": "imap.shop.example", "user": "bounces", "password": "BOX"}
    assert open_mailbox(Bounces.model_validate({"address": ADDRESS})) is None
    assert open_mailbox(Bounces.model_validate({"address": ADDRESS, "maildir": "/box"})) == Maildir(Path("/box"))
    assert open_mailbox(Bounces.model_validate({"address": ADDRESS, "imap": there}), {"BOX": "x"}) == ImapBox(
        Imap.model_validate(there), "x"
    )
    with pytest.raises(ValueError, match="the environment variable BOX with the mailbox's password is not set"):
        open_imap(Imap.model_validate(there), {})


@pytest.mark.parametrize("password", ["pässword", "two\r\nlines"])
def test_a_password_that_cannot_be_sent_is_refused_without_a_letter_of_it(password: str) -> None:
    settings = Imap.model_validate({"host": "imap.shop.example", "user": "bounces", "password": "BOX"})
    with pytest.raises(
        ValueError, match=r"^the password in BOX has letters that IMAP's LOGIN cannot carry; "
    ) as caught:
        open_imap(settings, {"BOX": password})
    assert "ä" not in str(caught.value)


def test_the_daemons_reader_goes_on_after_faults(store: sa.Engine, now: datetime, tmp_path: Path) -> None:
    world = Answered(store, now, "mei")
    email = world.shop.settings.channels.email
    assert email is not None
    bounces = Bounces(address=ADDRESS, maildir=str(tmp_path / "box"))
    channels = world.shop.settings.channels.model_copy(update={"email": email.model_copy(update={"bounces": bounces})})
    world.shop.settings = world.shop.settings.model_copy(update={"channels": channels})
    watch = Watch(lambda: world.shop, SECRETS, lambda: now, pause=0.02)
    with structlog.testing.capture_logs() as logs:
        watch.start()
        _until(lambda: any(one["event"] == "bounces wait in their mailbox" for one in logs))
        maildir(tmp_path / "late", mails.postfix(world.letter("mei").sender))
        (tmp_path / "late").rename(tmp_path / "box")
        _until(lambda: not names(tmp_path / "box", "new"))
        watch.stop()
    assert {"event": "bounces", "log_level": "info", "dead": 1} in logs
    assert world.changed()["bounced"] == ["mei"]


def test_a_strangers_mail_is_forgotten_after_a_month_also_where_no_other_comes(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now)
    world.come_back(STRANGE)
    forget(store, now + timedelta(days=30))
    assert world.rows(reports)[0]["excerpt"] is not None
    watch = Watch(lambda: world.shop, SECRETS, lambda: now + timedelta(days=31))
    watch.start()
    _until(lambda: not world.rows(reports))
    watch.stop()


def test_without_a_mailbox_the_daemons_reader_reads_nothing(store: sa.Engine, now: datetime) -> None:
    world = Answered(store, now)
    watch = Watch(lambda: world.shop, SECRETS, lambda: now)
    watch.start()
    watch.stop()
    assert reading.PAUSE == 60


def _until(holds: Any) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        Event().wait(0.01)
