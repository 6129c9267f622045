"""A real Postfix of a test's own: its configuration, queue and log in one folder, mail into Maildirs, on a free port."""

import os
import re
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from pwd import getpwnam
from tempfile import mkdtemp

#: Domains whose mail is kept, and one whose mail is handed on to a server that may know better.
KEPT, GONE = ("example.com", "bounces.example"), "gone.example"

#: Programs of servers are not on everybody's path.
_PATH = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"
_ENVIRONMENT = {**os.environ, "PATH": _PATH}
_PATIENCE = 300  # seconds, before a test says what the log has instead

_MAIN = """
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
maillog_file_prefixes = {folder}
maillog_file = {log}
myhostname = mta.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {kept}
virtual_mailbox_base = {mail}
virtual_mailbox_maps = regexp:{etc}/mailboxes
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
recipient_delimiter = +
relay_domains = {gone}
transport_maps = inline:{{ {gone}=smtp:[127.0.0.1]:{next} }}
minimal_backoff_time = 300s
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
disable_dns_lookups = yes
"""
# `nobody…` does not exist; customers have one Maildir, and what comes back another.
_MAILBOXES = "/@bounces\\.example$/ bounces/\n!/^nobody/ all/\n"
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str | None:
    """Why Postfix cannot be run here; None where it can."""
    if shutil.which("postfix", path=_PATH) is None:
        return "Postfix is not installed (`apt-get install postfix`; `make test` does so for root)"
    return None if Path("/proc/self").stat().st_uid == 0 else "Postfix needs root"


class Postfix:
    """What the server has taken, and where it went."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self._etc, self._mail, self._log = port, folder / "etc", folder / "mail", folder / "log"

    @property
    def mails(self) -> list[Message]:
        """All mail of customers."""
        return [message_from_bytes(mail) for mail in self.contents]

    @property
    def contents(self) -> list[bytes]:
        """The same as the server wrote them down."""
        return [file.read_bytes() for file in sorted(self._mail.glob("all/new/*"))]

    @property
    def bounces(self) -> Path:
        """The Maildir of what comes back."""
        return self._mail / "bounces"

    def logged(self, status: str) -> Counter[str]:
        """Message-IDs by how often the log says that they had this status: `sent`, `bounced`, `deferred`."""
        text = self._log.read_text()
        names = dict(re.findall(r" (\w+): message-id=<([^>]*)>", text))
        return Counter(names[one] for one in re.findall(rf" (\w+): to=.*status={status} ", text))

    def until(self, done: Callable[[str], bool]) -> None:
        """Reads the log as it is written, as far as a line of which that is true."""
        command = ["timeout", str(_PATIENCE), "tail", "-n", "+1", "-F", str(self._log)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tail:
            assert tail.stdout is not None
            found = any(done(line) for line in tail.stdout)
            tail.terminate()
        assert found, self._log.read_text()[-3000:]

    def until_empty(self) -> None:
        """Waits until every mail has left the queue, wherever it went."""
        for _ in range(_PATIENCE):
            listed = subprocess.run(
                ["postqueue", "-c", str(self._etc), "-p"], capture_output=True, text=True, check=True, env=_ENVIRONMENT
            )
            if "Mail queue is empty" in listed.stdout:
                return
        raise AssertionError(listed.stdout)


@contextmanager
def running(following: int) -> Iterator[Postfix]:
    """A server that ends with the block; it hands mail for `GONE` on to the port `following`."""
    folder = Path(mkdtemp(prefix="postfix-"))  # pytest's own folders are closed to the server's user
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    etc, owner = folder / "etc", getpwnam("postfix")
    for name in ("etc", "queue", "data", "mail"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)  # the server's own user must find its way
    shutil.chown(folder / "data", owner.pw_uid)
    shutil.chown(folder / "mail", owner.pw_uid)
    values = {
        "folder": folder, "etc": etc, "queue": folder / "queue", "data": folder / "data", "mail": folder / "mail",
        "log": folder / "log", "kept": " ".join(KEPT), "gone": GONE, "uid": owner.pw_uid, "gid": owner.pw_gid, "next": following,
    }  # fmt: skip
    (etc / "main.cf").write_text(_MAIN.format(**values))
    (etc / "master.cf").write_text(_MASTER.format(port=port))
    (etc / "mailboxes").write_text(_MAILBOXES)
    _postfix(etc, "start")
    try:
        yield Postfix(folder, port)
    finally:
        _postfix(etc, "abort")
        shutil.rmtree(folder)


def _postfix(etc: Path, what: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(etc), what], capture_output=True, text=True, check=False, env=_ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr or (etc.parent / "log").read_text()
