"""What a filter of spam makes of the recipes: SpamAssassin's own rules, without asking the net."""

import os
import re
import shutil
import subprocess
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from tests.mta.recipes import mails

SPAMASSASSIN = shutil.which("spamassassin")
#: Every mail in every language with SPAM_WHOLE=1; else each in one language, by turns.
WHOLE = bool(os.environ.get("SPAM_WHOLE"))
LIMIT = 1.0


@pytest.mark.skipif(SPAMASSASSIN is None, reason="SpamAssassin is not installed (`apt-get install spamassassin`)")
def test_no_recipe_looks_like_spam(tmp_path: Path) -> None:
    letters = mails(whole=WHOLE)
    assert len(letters) > 80
    scored = _scored([letter.content for letter in letters.values()], tmp_path)
    assert len(scored) == len(letters)
    assert [one for one in scored if float(one[0]) >= LIMIT] == []


def test_what_is_spam_is_found(tmp_path: Path) -> None:
    """The limit means something: the same filter knows the mail that all filters know."""
    if SPAMASSASSIN is None:
        pytest.skip("SpamAssassin is not installed (`apt-get install spamassassin`)")
    known = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    (found,) = _scored([b"Subject: hello\r\n\r\n" + known + b"\r\n"], tmp_path)
    assert float(found[0]) > 100


def _scored(contents: list[bytes], folder: Path) -> list[tuple[str, str, str]]:
    """Of each mail the score, the rules that it met, and its subject."""
    box = b"".join(
        b"From shop Thu Jan  1 00:00:00 2026\n" + re.sub(rb"(?m)^From ", b">From ", one.replace(b"\r\n", b"\n")) + b"\n"
        for one in contents
    )
    home = {**os.environ, "HOME": str(folder)}
    command = [str(SPAMASSASSIN), "--local", "--mbox"]
    answer = subprocess.run(command, input=box, capture_output=True, check=True, env=home).stdout
    found = []
    for mail in map(message_from_bytes, re.split(rb"(?m)^From .*\n", answer)[1:]):
        status = " ".join(str(mail["X-Spam-Status"]).split())
        known = re.search(r"score=(-?[\d.]+) .*?tests=(.*?) autolearn", status)
        assert known is not None, status
        found.append((known[1], known[2], str(make_header(decode_header(str(mail["Subject"]))))))
    return found
