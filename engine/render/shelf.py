"""The shapes of texts seen before: of many texts the newest, and never more than there is room for."""

from collections import OrderedDict
from dataclasses import dataclass, field

from engine.render.layout import Sheet
from engine.render.markdown import to_html, to_text
from engine.render.slots import Shape

Shapes = tuple[Shape, Shape]  # HTML, text


@dataclass
class Shelf:
    """A text takes as many shapes as its branches and loops have outcomes; `room` is in characters of all together."""

    room: int
    _kept: OrderedDict[tuple[str, Sheet], tuple[Shapes, int]] = field(default_factory=OrderedDict)
    _used: int = 0

    def shapes(self, markdown: str, sheet: Sheet) -> Shapes:
        """The shapes of what Jinja made of a body, with its sheet around it."""
        key = (markdown, sheet)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found[0]
        made = sheet.around_html(to_html(markdown)), sheet.around_text(to_text(markdown))
        weight = len(markdown) + sum(len(piece) for shape in made for piece in shape.fixed)
        self._kept[key] = made, weight
        self._used += weight
        while self._used > self.room:
            _, (_, gone) = self._kept.popitem(last=False)
            self._used -= gone
        return made
