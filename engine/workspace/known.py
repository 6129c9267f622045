"""What is known before the first playbook is read: settings, catalogue, vouchers, segments and messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.calendars import Holiday
from engine.catalogue import Catalogue
from engine.conditions import Tree
from engine.render import Message
from engine.settings import Settings, Voucher


@dataclass(frozen=True)
class Known:
    """Everything that a playbook can refer to; of files with mistakes the names, so that they are not missed twice."""

    settings: Settings
    catalogue: Catalogue
    vouchers: Mapping[str, Voucher]
    segments: Mapping[str, Tree]
    messages: Mapping[str, Mapping[str, Message]]
    broken_vouchers: frozenset[str] = frozenset()
    broken_segments: frozenset[str] = frozenset()
    broken_messages: frozenset[str] = frozenset()
    message_texts: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # id -> file, within the workspace -> text

    holidays: Mapping[str, Holiday] = field(default_factory=dict)
    broken_holidays: frozenset[str] = frozenset()

    series: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> its messages that there are

    @property
    def segment_names(self) -> frozenset[str]:
        """All segments, sound or not."""
        return self.broken_segments | frozenset(self.segments)
