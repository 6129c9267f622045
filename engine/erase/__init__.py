"""Erases a customer out of every table; what figures are made of stays, without the person."""

from engine.erase.for_good import Finished, Patience, erase_for_good
from engine.erase.person import CannotSeal, Erased, Person, erase, find_person, find_remains, in_numbers
from engine.erase.sweep import sweep
from engine.erase.tables import TABLES, Anonymised, Deleted, Nobodys, Sealed

__all__ = [
    "TABLES",
    "Anonymised",
    "CannotSeal",
    "Deleted",
    "Erased",
    "Finished",
    "Nobodys",
    "Patience",
    "Person",
    "Sealed",
    "erase",
    "erase_for_good",
    "find_person",
    "find_remains",
    "in_numbers",
    "sweep",
]
