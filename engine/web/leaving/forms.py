"""The body of a form: not too large, there in time, and read without a word of it being trusted."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

#: Bytes of a form, and seconds in which they must have come.
MOST, IN_TIME = 16 * 1024, 10.0
_MOST_FIELDS = 500


async def read_form(request: Request, in_time: float = IN_TIME) -> Mapping[str, list[str]]:
    """The fields of a form as browsers send it; of any other body none. Raises `HTTPException` with 408 or 413."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(in_time):
            async for part in request.stream():
                size += len(part)
                if size > MOST:
                    raise HTTPException(413, headers={"Connection": "close"})
                parts.append(part)
    except TimeoutError:
        raise HTTPException(408, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return {}
    try:
        return parse_qs(b"".join(parts).decode("ascii"), max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:  # not ASCII, or too many fields
        return {}
