"""The commands: one file each, and each calls one function."""

import click

from engine.cli import (
    imports,
    preview,
    run,
    schema,
    sql,
    status,
    tick,
    validate,
    why,
)
from engine.cli.options import Tidy


@click.group(cls=Tidy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="regulars")
def main() -> None:
    """Marketing automation as code: playbooks in YAML, tested like software, run against your customer store."""


for _command in (
    validate.command,
    imports.command,
    run.command,
    tick.command,
    status.command,
    why.command,
    preview.command,
    sql.command,
    schema.command,
):
    main.add_command(_command)
