"""The doors through which messages leave."""

from engine.channels.channel import Channel, Done, Failed, Gate, Letter, Outcome, Retry, Scope, Uncertain
from engine.channels.dkim import Sign, unsigned
from engine.channels.doors import CHANNELS, Doors, open_doors
from engine.channels.record import Record
from engine.channels.smtp import Smtp
from engine.channels.waves import Accepted, Waves

__all__ = [
    "CHANNELS",
    "Accepted",
    "Channel",
    "Done",
    "Doors",
    "Failed",
    "Gate",
    "Letter",
    "Outcome",
    "Record",
    "Retry",
    "Scope",
    "Sign",
    "Smtp",
    "Uncertain",
    "Waves",
    "open_doors",
    "unsigned",
]
