"""regulars holidays: on which days the holidays of the playbooks come, in every country."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import click

from engine.calendars import ANYWHERE, Holiday, coming
from engine.cli.options import read_workspace, workspace_option, writing
from engine.daemon import clock
from engine.triggers.holiday import HolidayTrigger
from engine.workspace import Workspace
from engine.workspace.load import HOLIDAY_DATES

#: Days that are shown, and written down.
_SHOWN = 3
_HEAD = """\
# The next days of each holiday, by country, as they were on {day}: written by `regulars holidays --write`.
# `regulars validate` says when a new version of the calendars moves one of them.
"""


@click.command("holidays")
@workspace_option
@click.option("--all", "everything", is_flag=True, help="Every holiday that is known, not only those of the playbooks.")
@click.option("--write", is_flag=True, help=f"Write the days into {HOLIDAY_DATES}, for `regulars validate` to compare.")
@click.option("--check", is_flag=True, help="Compare with what is written there; exits with 1 where a day has moved.")
def command(folder: Path, everything: bool, write: bool, check: bool) -> None:
    """Print the next three days of each holiday that a playbook speaks of, by country."""
    if write and check:
        raise click.UsageError("what is written now has not moved; check first, then write:  --check  or  --write")
    workspace = read_workspace(folder, strict=False)
    known = workspace.holidays if everything else _named(workspace)
    today = clock().date()
    for name, holiday in known.items():
        click.echo(name)
        for country, days in _days(holiday, today):
            where = "everywhere else" if country == ANYWHERE and holiday.countries else country
            click.echo(f"  {where:<16}{'  '.join(f'{day:%a} {day}' for day in days) or 'no calendar reaches so far'}")
    if not known:
        click.echo("no playbook begins with a holiday; --all shows those that are known")
    if write:
        _write(folder / HOLIDAY_DATES, written(known, today))
    moved = [problem for problem in workspace.problems if problem.rule == "holiday-moved"] if check else []
    for problem in moved:
        click.echo(problem.text, err=True)
    if moved:
        raise click.ClickException(f"{len(moved)} of the days in {HOLIDAY_DATES} moved")


def _write(target: Path, text: str) -> None:
    if not text:
        click.echo(f"there is no day to write down: {target} is left as it was")
        return
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    click.echo(f"(written to {target})")


def _named(workspace: Workspace) -> Mapping[str, Holiday]:
    """The holidays that playbooks begin with."""
    triggers = [playbook.trigger for playbook in workspace.playbooks.values()]
    names = sorted({one.holiday for one in triggers if isinstance(one, HolidayTrigger)})
    return {name: workspace.holidays[name] for name in names}


def _days(holiday: Holiday, today: date) -> Iterator[tuple[str, list[date]]]:
    for country in (*holiday.countries, *((ANYWHERE,) if ANYWHERE in holiday.days else ())):
        yield country, coming(holiday.days[country], today, _SHOWN)


def written(known: Mapping[str, Holiday], today: date) -> str:
    """The days as the file keeps them; nothing where there is none, for a file without any is a mistake."""
    lines = []
    for name, holiday in sorted(known.items()):
        ahead = [(country, days) for country, days in _days(holiday, today) if days]
        lines += [f"{name}:\n"] if ahead else []
        lines += [f"  {country}: [{', '.join(map(str, days))}]\n" for country, days in ahead]
    return "".join([_HEAD.format(day=today), *lines]) if lines else ""
