"""The sheet around every mail: the shop's name above, why the mail came and how to leave below."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from css_inline import CSSInliner

from engine.render.phrases import phrases
from engine.render.slots import Shape, shape_of, slot
from engine.render.values import locale_of

#: The values that every mail has, in the order of their slots; those of the text follow.
SUBJECT, PREHEADER, BRAND, ADDRESS, WEBSITE, UNSUBSCRIBE = range(6)

_CSS = Path(__file__).with_name("layout.css").read_text("utf-8")
_INLINER = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True)
class Sheet:
    """What the sheet of a mail has: the language it speaks, and which of the values are there."""

    language: str
    preheader: bool
    website: bool
    address: bool
    unsubscribe: bool

    def around_html(self, fragment: str) -> Shape:
        """The whole page with its CSS inlined, split at the slots."""
        words = phrases(self.language)
        turn = locale_of(self.language).text_direction
        name = f'<a href="{slot(WEBSITE)}">{slot(BRAND)}</a>' if self.website else slot(BRAND)
        why = escape(words.why).replace("{brand}", slot(BRAND))
        foot = f"<p>{why}</p>"
        foot += f"<p>{slot(ADDRESS)}</p>" if self.address else ""
        foot += f'<p><a href="{slot(UNSUBSCRIBE)}">{escape(words.unsubscribe)}</a></p>' if self.unsubscribe else ""
        hidden = f'<div class="preheader">{slot(PREHEADER)}{"&nbsp;&zwnj;" * 30}</div>' if self.preheader else ""
        page = (
            f'<!DOCTYPE html><html lang="{escape(self.language)}" dir="{turn}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{slot(SUBJECT)}</title><style>{_CSS}</style></head><body>{hidden}"
            f'<table class="ground" role="presentation" cellpadding="0" cellspacing="0" dir="{turn}"><tbody><tr><td>'
            '<table class="sheet" role="presentation" align="center" cellpadding="0" cellspacing="0"><tbody>'
            f'<tr><td class="brand">{name}</td></tr><tr><td class="text">{fragment}</td></tr>'
            f'<tr><td class="foot">{foot}</td></tr></tbody></table></td></tr></tbody></table></body></html>'
        )
        return shape_of(_INLINER.inline(page))

    def around_text(self, text: str) -> Shape:
        """The text with its foot, split at the slots."""
        words = phrases(self.language)
        foot = [words.why.replace("{brand}", slot(BRAND))]
        foot += [slot(ADDRESS)] if self.address else []
        foot += [f"{words.unsubscribe}: {slot(UNSUBSCRIBE)}"] if self.unsubscribe else []
        return shape_of(f"{text}\n\n-- \n" + "\n".join(foot) + "\n")
