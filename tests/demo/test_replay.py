"""The replay runs the real passes over what happened, and what it did can be told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.answers.report import standings
from engine.channels import Record
from engine.demo.ground import Taken, empty_store, example_workspace, export, point_to, prepare
from engine.demo.history import every, history
from engine.demo.live import order_now
from engine.demo.replay import once_a_day, replay
from engine.demo.story import headline, of_interest, story
from engine.shop import Shop
from engine.store.importing import ImportReport, Reading, import_csv
from engine.tick import Tick
from engine.workspace import load

_NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def test_a_part_of_the_history_goes_through_the_playbooks(tmp_path: Path) -> None:
    ground = prepare(tmp_path / "demo")
    workspace = load(ground.workspace)
    past = history(_NOW, workspace.settings.zone, chosen=every(40))
    export(ground, past)
    store = empty_store()
    reading = Reading(exponent=2, zone=workspace.settings.zone, now=past.begins)
    report = import_csv(store, "customers", ground.csv("customers"), reading)
    assert isinstance(report, ImportReport) and (report.new, report.rejected) == (len(past.people), 0)

    letters = Record()
    tick = Tick(Shop(store, workspace), letters, ["a-secret-for-this-test"])
    until = past.begins + timedelta(days=100)
    moments = list(replay(past, lambda _: tick, once_a_day(past, until)))
    assert sum(len(moment.orders) for moment in moments) == sum(order.at <= moments[-1].at for order in past.orders)
    assert letters.letters

    store = ground.keep(store)
    with store.connect() as connection:
        known = {one.playbook: one for one in standings(connection)}
        assert known["welcome"].messages["sent"] > 0
        assert known["purchase-voucher"].vouchers
        assert not [one.playbook for one in known.values() if "failed" in one.runs]
        customer = of_interest(connection)
        assert customer is not None and headline(connection, customer)
        lines = story(connection, customer, "CNY")
    assert lines == sorted(lines) and {"order", "enters", "mail"} <= {line.kind for line in lines}

    # The orders that were replayed are those of the file: once more, they change nothing.
    again = import_csv(store, "orders", ground.csv("orders"), Reading(2, workspace.settings.zone, _NOW))
    paid_since = sum(order.at <= moments[-1].at < order.paid_at for order in past.orders)
    assert isinstance(again, ImportReport) and (again.changed, again.rejected) == (paid_since, 0)

    orders = order_now(store, workspace.settings, _NOW, 4)
    assert len({order.customer for order in orders}) == 4
    store.dispose()


def test_only_what_the_demo_made_is_made_anew(tmp_path: Path) -> None:
    prepare(tmp_path / "demo")
    prepare(tmp_path / "demo")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "precious.txt").write_text("mine")
    with pytest.raises(Taken, match="not empty"):
        prepare(tmp_path / "own")
    assert (tmp_path / "own" / "precious.txt").exists()


def test_the_copied_settings_point_to_the_sink(tmp_path: Path) -> None:
    ground = prepare(tmp_path / "demo")
    point_to(ground.workspace, 4025)
    settings = load(ground.workspace).settings
    assert settings.channels.email is not None
    assert (settings.channels.email.host, settings.channels.email.port) == ("127.0.0.1", 4025)
    assert load(example_workspace()).settings.channels.email != settings.channels.email
