"""The body of a request: of one type, not packed, not larger than allowed, and there in time."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from engine.web.events.limits import Body
from engine.web.events.refusal import Refusal

#: Seconds in which a body must have come.
IN_TIME = 10.0


def check_head(request: Request, most: int) -> None:
    """Refuses what need not be read. Raises `Refusal`."""
    kind = request.headers.get("content-type", "").lower().replace(" ", "")
    if kind not in ("application/json", "application/json;charset=utf-8"):
        raise Refusal(415, "the body is not declared as JSON", "send  Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "the body is packed", "send it as it is, without Content-Encoding")
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > most:
        raise _too_large(most)


async def read_body(request: Request, most: int, held: Body, in_time: float = IN_TIME) -> bytes:
    """The whole body. Raises `Refusal`."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(in_time):
            async for part in request.stream():
                held.grow(len(part))
                if held.size > most:
                    raise _too_large(most)
                parts.append(part)
            return b"".join(parts)
    except TimeoutError:
        advice = f"send the whole body within {in_time:g} seconds"
        raise Refusal(408, "the body did not come in time", advice, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Refusal(400, "the connection ended within the body", "send it again") from None


def _too_large(most: int) -> Refusal:
    advice = f"send at most {most:,} bytes; many events go in several batches"
    return Refusal(413, "the body is too large", advice, headers={"Connection": "close"})
