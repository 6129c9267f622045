"""The pages as a browser has them: read and drawn, in every language of the shop, on paper-white and in the dark."""

import re
import struct
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from engine.render import unsubscribe_token
from engine.web.leaving.page import POLICY
from engine.web.leaving.words import WORDS, asked_for, spoken, words_of
from engine.web.site import Site
from tests.shop import SECRETS, SETTINGS, World
from tests.web.browser import drawn, needs_chromium, read
from tests.web.serving import served

LANGUAGES = ("en", "de", "zh-CN", "ru", "ko")
TITLES = {"en": "Offers", "de": "Angebote", "zh-CN": "特惠", "ru": "Предложения", "ko": "특가 소식"}
SHOP = SETTINGS.replace("title: Offers", f"title: {{{', '.join(f'{tag}: {text}' for tag, text in TITLES.items())}}}")
SHOP += f"languages: [{', '.join(LANGUAGES)}]\nfallback: {{zh-TW: zh-CN, uk: ru}}\n"


@pytest.fixture
def world(sqlite_store: sa.Engine, now: Any) -> World:
    """A shop of five languages with a customer of each."""
    found = World(sqlite_store, now, {}, settings=SHOP)
    for language in (*LANGUAGES, "zh-TW", "uk", "pt"):
        found.customers(language, language=language)
    return found


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the pages are."""
    with served(Site(world.store, world.shop, SECRETS, lambda: world.now)) as url:
        yield url


def link(url: str, customer: str) -> str:
    """The link of a mail to a customer."""
    return f"{url}/u/{unsubscribe_token(SECRETS, customer, 'email', 'offers')}"


# --- The words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("customer", "language"), [*((one, one) for one in LANGUAGES), ("zh-TW", "zh-CN"), ("uk", "ru"), ("pt", "en")]
)
def test_a_page_speaks_the_customers_language_as_far_as_the_shop_does(url: str, customer: str, language: str) -> None:
    page = httpx2.get(link(url, customer))
    assert page.headers["Content-Language"] == language and f'<html lang="{language}" dir="ltr">' in page.text
    assert words_of(language).ask in page.text and TITLES[language] in page.text
    answer = httpx2.post(link(url, customer))
    assert answer.text == f"{words_of(language).left}\n"


def test_every_language_has_every_word() -> None:
    assert set(WORDS) >= {"en", "de", "zh-CN", "ru", "ko"}
    for language, words in WORDS.items():
        assert all(vars(words).values()), language
        assert "{brand}" in words.title


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("fr, de;q=0.2", "de"),
        ("en; q=0.2, de; q=0.8", "de"),
        ("", "en"),
        ("zh", "zh-CN"),
        ("x;q=y,,;", "en"),
        ("*", "en"),
    ],
)
def test_a_stranger_is_spoken_to_as_his_browser_asks(accept: str, language: str) -> None:
    assert asked_for(accept, LANGUAGES) == language
    assert spoken(["fr", language, "en"], LANGUAGES) == language


# --- For everybody ----------------------------------------------------------------------------------------------------


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((light(one), light(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_everything_can_be_read(url: str, scheme: int) -> None:
    page = httpx2.get(link(url, "en")).text
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", re.findall(r":root \{(.*?)\}", page)[scheme]))
    for text, ground in (("ink", "sheet"), ("head", "ground"), ("soft", "ground"), ("soft", "sheet"), ("ink", "pale")):
        assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert _contrast(colours["on-green"], colours["green"]) >= 4.5
    for edge in ("green", "edge", "focus"):
        assert _contrast(colours[edge], colours["sheet"]) >= 3, edge


def test_who_cannot_see_the_page_can_use_it(url: str) -> None:
    page = httpx2.get(link(url, "en")).text
    boxes = re.findall(r"<label><input type=\"checkbox\"[^>]*><span>([^<]+)</span></label>", page)
    assert boxes == ["Offers", "News"] and page.count("<legend>") == page.count("<fieldset>") == 1
    assert page.count("<h1") == 1 and page.count("<main") == 1 and "<title>Your messages from Fine Shop</title>" in page
    assert 'role="status"' in httpx2.post(link(url, "en"), data={"do": "leave"}).text
    assert not re.search(r"<script|\son\w+=|style=|https?://(?!127)", page)


# --- In Chromium ------------------------------------------------------------------------------------------------------


def _colour_of_corner(picture: Path) -> tuple[int, int, int]:
    """The first pixel of a PNG: 8 bits of red, green and blue, whose first line has no pixel before or above it."""
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG") and content[24] == 8
    parts, at = [], 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        parts += [content[at + 8 : at + 8 + length]] if content[at + 4 : at + 8] == b"IDAT" else []
        at += 12 + length
    red, green, blue = zlib.decompress(b"".join(parts))[1:4]
    return red, green, blue


@needs_chromium
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_browser_reads_the_page_and_draws_it(url: str, tmp_path: Path, language: str) -> None:
    seen = unescape(read(link(url, language), tmp_path))
    assert words_of(language).ask in seen and TITLES[language] in seen and "18 " not in seen
    wide = drawn(link(url, language), tmp_path / "wide.png", 1200)
    narrow = drawn(link(url, language), tmp_path / "narrow.png", 390, dark=True)
    assert _colour_of_corner(wide) == (0xF4, 0xF4, 0xF1), "the style is let through by the policy"
    assert sum(_colour_of_corner(narrow)) < 3 * 0x40, "and there is another in the dark"
    assert wide.stat().st_size > 10_000 < narrow.stat().st_size


def test_the_policy_lets_nothing_in_but_the_style() -> None:
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        POLICY,
    )
