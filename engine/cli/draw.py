"""regulars draw: a test as a picture of what arrives."""

from pathlib import Path

import click

from engine.cli.options import read_workspace, workspace_option, writing
from engine.rehearse.drawing import Drawing
from engine.rehearse.suite import Suite


@click.command("draw")
@workspace_option
@click.option("--customer", help="Whose story, where the test has several customers.")
@click.argument("name")
@click.argument("picture", type=click.Path(path_type=Path, dir_okay=False))
def command(folder: Path, customer: str | None, name: str, picture: Path) -> None:
    """Draw the test NAME (a part of its name will do) as a PICTURE in SVG: what the customer did, and what arrived."""
    workspace = read_workspace(folder, strict=False)
    if workspace.settings is None or workspace.catalogue is None:
        raise click.ClickException("the settings or the catalogue cannot be used; see  regulars validate")
    suite = Suite(workspace, name)
    if len(suite.chosen) != 1:
        known = "; ".join(f"`{case.name}`" for _, case in suite.chosen) or "none"
        raise click.ClickException(f"`{name}` must be a part of the name of one test; these have it: {known}")
    tests, case = suite.chosen[0]
    who = customer or next(iter(case.people))
    if who not in case.people:
        raise click.ClickException(f"there is no customer `{who}` in this test; there are: {', '.join(case.people)}")
    title = workspace.playbooks[tests.playbook].title
    entries = suite.played(tests, case).entries
    drawing = Drawing(title, case, entries, workspace.catalogue, workspace.settings.currency)
    with writing(picture):
        picture.write_text(drawing.svg(who), encoding="utf-8")
    click.echo(f"{picture}: {title}; {case.name}")
