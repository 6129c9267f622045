"""The command under which all others stand: what holds for each of them."""

from typing import Any

import click

from engine.cli.options import Tidy
from engine.cli.streams import printing
from engine.cli.words import is_text


class Program(Tidy):
    """Lists the commands in the order of work, and has none end half-way because it cannot print."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """No command stores, compares or prints what is no text; so none is given such a word, but who expects any."""
        for word in args if not getattr(self.get_command(ctx, args[0]), "takes_any_bytes", False) else ():
            if not is_text(word):
                shown = word.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
                raise click.UsageError(f"`{shown}` is no text in UTF-8; write it in UTF-8", ctx)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **options: Any) -> Any:
        with printing():
            return super().main(*args, **options)
