"""regulars serve: a process of its own beside the daemon, from the first line it prints to SIGTERM."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.cli import main
from engine.cli.serve import Follower
from engine.daemon import clock
from engine.render import unsubscribe_token
from engine.shop import Shop
from engine.store.customers import consents
from engine.store.ingest import put_customers
from engine.store.migrate import migrate
from engine.web.site import Site
from engine.workspace import load
from tests.shop import SECRETS

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A new workspace."""
    made = CliRunner().invoke(main, ["init", str(tmp_path / "shop")])
    assert made.exit_code == 0, made.output
    return tmp_path / "shop"


@pytest.fixture
def store_with_mei(empty_store: sa.Engine) -> sa.Engine:
    """A migrated store with one customer who agreed to mail."""
    migrate(empty_store)
    with empty_store.begin() as connection:
        put_customers(connection, [{"id": "mei", "email": "mei@example.com", "email_consent": True}], clock())
    return empty_store


@contextmanager
def serving(
    shop: Path, store: sa.Engine, *options: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command at work, and where it listens."""
    url = store.url.set(drivername=store.url.get_backend_name()).render_as_string(hide_password=False)
    command = [sys.executable, "-m", "engine", "serve", str(shop), "--store", url, "--port", "0", *options]
    env = {**os.environ, "REGULARS_SECRET": SECRETS[0], **environment}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        found = re.search(r"listening on (http://\S+:\d+),", line)
        assert found, line + process.stderr.read()
        yield found[1], process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def withdrawn(store: sa.Engine) -> bool:
    """Whether mei has left."""
    with store.connect() as connection:
        return bool(connection.scalar(sa.select(sa.func.count()).where(sa.not_(consents.c.given))))


def test_it_serves_both_rooms_beside_a_writer_and_ends_when_asked(shop: Path, store_with_mei: sa.Engine) -> None:
    with serving(shop, store_with_mei) as (url, process):
        link = f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', None)}"
        assert httpx2.get(link).status_code == 200
        assert httpx2.post(link, data=ONE_CLICK).status_code == 200
        assert httpx2.post(f"{url}/events", json={}).status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert withdrawn(store_with_mei)


def test_a_kill_right_after_the_commit_loses_no_click(shop: Path, store_with_mei: sa.Engine) -> None:
    with serving(shop, store_with_mei, REGULARS_FAILPOINTS="web.left=kill") as (url, process):
        with pytest.raises(httpx2.HTTPError):
            httpx2.post(f"{url}/u/{unsubscribe_token(SECRETS, 'mei', 'email', None)}", data=ONE_CLICK, timeout=20)
        assert process.wait(30) == -signal.SIGKILL
    assert withdrawn(store_with_mei)


def test_links_of_several_old_secrets_work(shop: Path, store_with_mei: sa.Engine) -> None:
    old = ["the secret of last year", "the-secret-of-the-year-before", "and-an-even-older-secret"]
    with serving(shop, store_with_mei, REGULARS_SECRET_OLD=" ".join(old[1:])) as (url, _):
        statuses = [
            httpx2.get(f"{url}/u/{unsubscribe_token([secret], 'mei', 'email', None)}").status_code
            for secret in (*old, SECRETS[0], "nothing-is-signed")
        ]
    assert statuses == [404, 200, 200, 200, 404]


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (["--host", "203.0.113.1"], {}, "cannot listen on 203.0.113.1:8080"),
        ([], {"REGULARS_SECRET": "short"}, "set REGULARS_SECRET"),
        (["--store", "sqlite:////nowhere/x.db"], {}, "cannot be opened"),
    ],
)
def test_what_stands_in_its_way_is_said_in_a_sentence(
    shop: Path, tmp_path: Path, options: list[str], environment: dict[str, str], said: str
) -> None:
    env = {"REGULARS_SECRET": SECRETS[0], "REGULARS_STORE": f"sqlite:///{tmp_path / 'x.db'}", **environment}
    done = CliRunner().invoke(main, ["serve", str(shop), *options], env=env)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output


def test_without_the_extra_it_says_what_to_install(shop: Path) -> None:
    blocked = "import sys; sys.modules['starlette'] = None; sys.modules['uvicorn'] = None; from engine.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "serve", str(shop)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "Error: the pages need a web server:  pip install 'regulars[web]'\n"
    plain = subprocess.run(
        [sys.executable, "-c", blocked, "validate", str(shop)], capture_output=True, text=True, check=False
    )
    assert plain.returncode == 0


def test_changed_files_are_taken_over_and_broken_ones_are_not(shop: Path, sqlite_store: sa.Engine, now: Any) -> None:
    site = Site(sqlite_store, Shop(sqlite_store, load(shop)), SECRETS, lambda: now)
    follower, settings = Follower(site, shop), shop / "settings" / "regulars.yaml"
    text = settings.read_text("utf-8")
    for changed, name in (
        (text.replace("My Shop", "Our Shop"), "Our Shop"),
        ("brand: [", "Our Shop"),
        (text, "My Shop"),
    ):
        settings.write_text(changed, "utf-8")
        os.utime(settings, ns=(0, hash(changed) % 10**15))
        follower.look()
        follower.look()
        assert site.shop.settings.brand.name == name
