"""regulars test: do the playbooks what their tests say?"""

import sys
from pathlib import Path
from time import perf_counter

import click
from rich.console import Console
from rich.progress import Progress

from engine.cli.options import read_workspace, workspace_argument, writing
from engine.rehearse.junit import junit
from engine.rehearse.suite import Suite

#: With fewer tests, a progress bar would be gone before anybody saw it.
_MANY = 20


@click.command("test")
@workspace_argument
@click.option("--run", "only", metavar="NAME", help="Only tests whose name, file or playbook contains this.")
@click.option("--coverage", is_flag=True, help="List the steps and branches that no test reached.")
@click.option("--complete", is_flag=True, help="The same, and fail where there is one.")
@click.option("--junit", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write results as JUnit XML.")
def command(folder: Path, only: str | None, coverage: bool, complete: bool, report: Path | None) -> None:
    """Run the tests of a workspace: the real engine on a virtual clock, nothing is sent; exits with 1 where one fails."""
    begun = perf_counter()
    workspace = read_workspace(folder, strict=False)
    if workspace.settings is None or workspace.catalogue is None:
        sys.exit(1)
    suite = Suite(workspace, only)
    outcomes = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=suite.size < _MANY or not console.is_terminal) as progress:
        task = progress.add_task("tests", total=suite.size)
        for outcome in suite.run():
            outcomes.append(outcome)
            if not outcome.passed:
                click.echo(outcome.told)
            progress.advance(task)
    failed = sum(not outcome.passed for outcome in outcomes)
    *gaps, total = suite.gaps()
    if coverage or complete:
        click.echo("\n".join([*gaps, total]))
    if outcomes:
        click.echo(f"{len(outcomes) - failed} passed, {failed} failed in {perf_counter() - begun:.1f} s")
    if report is not None:
        with writing(report):
            report.write_text(junit(outcomes), encoding="utf-8")
    if not outcomes:
        raise click.ClickException(f"no test is called `{only}`" if only else f"there are no tests in {folder}/tests")
    if failed or (complete and gaps):
        sys.exit(1)
