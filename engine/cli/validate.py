"""regulars validate: is everything in the workspace right?"""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from engine.answers.enough import Enough
from engine.answers.plan import problems as left_behind
from engine.cli.options import open_store, workspace_argument
from engine.cli.store_address import StoreAddress
from engine.daemon import clock
from engine.shop import Shop
from engine.source.printing import print_problems
from engine.source.problem import Problem
from engine.workspace import Workspace, load


@click.command("validate")
@workspace_argument
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True,
    help="How problems are printed.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--store",
    type=StoreAddress(),
    help="Also check with this store: nobody is left behind, vouchers suffice, all can read the texts.",
)
def command(folder: Path, form: str, strict: bool, store: str | None) -> None:
    """Check every file of a workspace; exits with 1 where there is an error.

    FOLDER is the workspace: without it this folder if it is one, else playbooks/.
    """
    if not folder.is_dir():
        raise click.ClickException(f"there is no folder `{folder}`; make a workspace with:  regulars init {folder}")
    workspace = load(folder)
    problems = workspace.problems
    if store is not None:
        problems = _with_store(workspace, store)
    if form == "json":
        click.echo(json.dumps([asdict(problem) for problem in problems], indent=2, ensure_ascii=False))
    elif form == "github":
        for one in problems:
            place = one.place
            click.echo(
                f"::{one.severity} file={place.file},line={place.line},col={place.column}::{one.text} [{one.rule}]"
            )
    elif problems:
        click.echo(print_problems(problems, workspace.texts))
    counts = Counter(problem.severity for problem in problems)
    if form == "text":
        found = [_counted(counts[kind], kind) for kind in ("error", "warning") if counts[kind]]
        right = len(workspace.playbooks)
        click.echo("; ".join([f"{_counted(right, 'playbook')} {'is' if right == 1 else 'are'} right", *found]))
    if counts["error"] or (strict and counts["warning"]):
        sys.exit(1)


def _with_store(workspace: Workspace, store: str) -> tuple[Problem, ...]:
    with open_store(store) as engine, engine.connect().execution_options(reading=True) as connection:
        problems = (*workspace.problems, *left_behind(workspace, connection))
        if workspace.settings is None or workspace.catalogue is None:
            return problems
        return tuple(Enough(Shop(engine, workspace), connection, clock()).problems(problems))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
