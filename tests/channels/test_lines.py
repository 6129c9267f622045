"""The connections to a relay as they are heard together."""

import asyncio

from engine.channels.smtp.flight import Features
from engine.channels.smtp.lines import Lines
from engine.channels.smtp.opening import Unopened
from engine.channels.smtp.steps import Patience


def test_a_connection_that_fails_while_the_clock_is_looked_at_is_in_the_news() -> None:
    async def heard() -> bool:
        refused = asyncio.get_running_loop().create_future()

        async def opening(_: asyncio.Protocol) -> Features:
            raise Unopened(None, await refused)

        lines = Lines(opening, 1, Patience(60, 60))
        line = lines.new()
        lines.open(line)
        news = asyncio.ensure_future(lines.news())
        for _ in range(3):
            await asyncio.sleep(0)  # until both wait
        refused.set_result("it does not answer")
        lines._check()
        found = await news
        return line in found and not lines.busy

    assert asyncio.run(heard())
