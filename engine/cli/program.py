"""The command under which all others stand: what holds for each of them."""

from typing import Any

from engine.cli.options import Tidy
from engine.cli.streams import printing


class Program(Tidy):
    """Lists the commands in the order of work, and has none end half-way because it cannot print."""

    def main(self, *args: Any, **options: Any) -> Any:
        with printing():
            return super().main(*args, **options)
