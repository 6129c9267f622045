"""regulars init: a new workspace that is right from the first minute."""

import shutil
from pathlib import Path

import click

from engine.cli.options import writing
from engine.workspace.catalogue import builtin_text
from engine.workspace.schema import write

_STARTER = Path(__file__).with_name("starter")
_MODELINE = "# yaml-language-server: $schema=../schemas/catalogue.schema.json\n"


@click.command("init")
@click.argument("folder", metavar="NAME", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Make a new workspace in the folder NAME: settings, one playbook with its message in two languages, and its test."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"`{folder}` exists already, and nothing in it is touched; choose another name")
    with writing(folder):
        new_workspace(folder)
    click.echo(f"{folder} is ready. Next:\n  cd {folder}\n  regulars validate\n  regulars test")


def new_workspace(folder: Path) -> None:
    """Writes the starter. Raises `OSError`."""
    shutil.copytree(_STARTER, folder, dirs_exist_ok=True)
    (folder / "settings" / "catalogue.yaml").write_text(_MODELINE + builtin_text(), encoding="utf-8")
    write(folder / "schemas")
