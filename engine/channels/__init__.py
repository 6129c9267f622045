"""The doors through which messages leave."""

from engine.channels.channel import Accepted, Channel, Done, Failed, Letter, Outcome, Retry, Scope, Uncertain
from engine.channels.doors import CHANNELS, Doors, open_doors
from engine.channels.record import Record
from engine.channels.smtp import Smtp

__all__ = [
    "CHANNELS",
    "Accepted",
    "Channel",
    "Done",
    "Doors",
    "Failed",
    "Letter",
    "Outcome",
    "Record",
    "Retry",
    "Scope",
    "Smtp",
    "Uncertain",
    "open_doors",
]
