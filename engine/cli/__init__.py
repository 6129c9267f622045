"""The commands: one file each, and each calls one function."""

import click

from engine.cli import (
    bounce,
    consent,
    demo,
    doctor,
    draw,
    erase,
    export,
    hold,
    holidays,
    imports,
    init,
    plan,
    points,
    preview,
    release,
    run,
    schema,
    serve,
    sink,
    sql,
    status,
    suppress,
    sweep,
    tasks,
    test,
    tick,
    uncertain,
    unsuppress,
    validate,
    voucher,
    why,
)
from engine.cli.program import Program

_COMMANDS = (
    init,
    validate,
    test,
    draw,
    preview,
    plan,
    imports,
    run,
    tick,
    serve,
    doctor,
    status,
    why,
    hold,
    release,
    uncertain,
    consent,
    suppress,
    unsuppress,
    bounce,
    export,
    erase,
    sweep,
    tasks,
    voucher,
    points,
    holidays,
    sql,
    schema,
    sink,
    demo,
)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="regulars")
def main() -> None:
    """Marketing automation as code: playbooks in YAML, tested like software, run against your customer store."""


for _module in _COMMANDS:
    main.add_command(_module.command)
