"""The demo from beginning to end."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.channels import Record
from engine.demo.ground import Ground, empty_store, export, fill_pools
from engine.demo.history import History, history
from engine.demo.live import daemon, order_now, post
from engine.demo.replay import once_a_day, replay
from engine.demo.show import Show
from engine.shop import Shop
from engine.store.importing import ImportReport, Reading, import_csv
from engine.tick import Tick
from engine.workspace import Workspace, load

#: A playbook that the shop takes on late: over the whole history its greetings would be more than half of all mails.
_LATECOMER = "weekend-hello"
_SINCE = timedelta(days=45)
#: How long ago the shop began with the engine; what was before is imported, so that the demo is over in a minute.
_BEGAN = timedelta(days=100)
#: Mails of one subject that are shown.
_ALIKE = 2
#: Orders of the last minutes that the daemon finds.
_TODAY = 8


class Broken(ValueError):
    """The demo cannot go on."""


def play(ground: Ground, show: Show, program: str, secret: str) -> None:
    """Everything, in four acts. Raises `Broken` and `engine.demo.live.NotRunning`."""
    now = show.clock()
    with show.act("1  The shop: a tea house, its playbooks, and the customers it has") as say:
        workspace = load(ground.workspace)
        if workspace.settings is None or workspace.errors:
            raise Broken("\n".join(str(problem) for problem in workspace.errors))
        past = history(now, workspace.settings.zone)
        export(ground, past)
        store = empty_store()
        fill_pools(store, workspace.vouchers, past.begins)
        report = import_csv(store, "customers", ground.csv("customers"), _reading(workspace, past))
        if not isinstance(report, ImportReport) or report.rejected:
            raise Broken(f"the customers were not imported: {report}")
        say(f"{len(workspace.playbooks)} playbooks are right; {report.new:,} customers imported from customers.csv.")
    before, after = (now - _BEGAN - past.begins).days, _BEGAN.days
    with show.act(
        f"2  {before} days of real orders imported, and the {after} after them replayed through the engine on a virtual clock"
    ) as say:
        moments = (at for at in once_a_day(past, now) if at >= now - _BEGAN)
        totals = show.replaying(past, replay(past, _engines(store, workspace, secret, now), moments), now)
        say(
            f"{totals.orders:,} orders, {totals.enrolled:,} enrolments, {totals.mails:,} messages in {totals.ticks:,} ticks."
        )
    store = ground.keep(store)
    with show.act("3  Now: the daemon runs, customers order, and real mails arrive over SMTP") as say:
        with post(ground.mails) as box, daemon(ground, box.port) as running:
            orders = order_now(store, workspace.settings, show.clock(), _TODAY)
            subjects: Counter[str] = Counter()
            for mail in box.arriving(len(orders), running):
                subjects[mail.subject] += 1
                if subjects[mail.subject] <= _ALIKE:
                    show.mail(mail)
        came = subjects.total()
        more = sum(count - _ALIKE for count in subjects.values() if count > _ALIKE)
        alike = f" ({more} of them like these)" if more else ""
        say(
            f"{came} mails{alike}: for {len(orders)} new orders, and what else was due. Then the daemon was asked to end."
        )
    show.console.print("[bold]4  What happened[/]\n")
    show.results(store, sorted(workspace.playbooks))
    show.console.print()
    customer = show.story(store, workspace.settings.currency)
    show.next(ground, program, customer, secret)
    store.dispose()


def _engines(store: sa.Engine, workspace: Workspace, secret: str, now: datetime) -> Callable[[datetime], Tick]:
    """The engine before and after the shop took on its last playbook."""
    fewer = {name: one for name, one in workspace.playbooks.items() if name != _LATECOMER}
    before = Tick(Shop(store, replace(workspace, playbooks=fewer)), Record(), [secret])
    after = Tick(Shop(store, workspace), Record(), [secret])
    return lambda at: before if at < now - _SINCE else after


def _reading(workspace: Workspace, past: History) -> Reading:
    assert workspace.settings is not None
    return Reading(exponent=2, zone=workspace.settings.zone, now=past.begins)
