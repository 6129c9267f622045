"""regulars validate: is everything in the workspace right?"""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from engine.cli.options import workspace_argument
from engine.source.printing import print_problems
from engine.workspace import load


@click.command("validate")
@workspace_argument
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How problems are printed."
)
@click.option("--strict", is_flag=True, help="Warnings fail too.")
def command(folder: Path, form: str, strict: bool) -> None:
    """Check every file of a workspace; exits with 1 where there is an error."""
    if not folder.is_dir():
        raise click.ClickException(f"there is no folder `{folder}`; make a workspace with:  regulars init {folder}")
    workspace = load(folder)
    problems = workspace.problems
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
        found = ", ".join(
            f"{counts[kind]} {kind}{'s' if counts[kind] != 1 else ''}" for kind in ("error", "warning") if counts[kind]
        )
        click.echo(f"{len(workspace.playbooks)} playbooks are right" + (f"; {found}" if found else ""))
    if counts["error"] or (strict and counts["warning"]):
        sys.exit(1)
