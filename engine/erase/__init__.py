"""Erases a customer out of every table; what figures are made of stays, without the person."""

from engine.erase.person import CannotSeal, Erased, Person, erase, find_person, in_numbers
from engine.erase.sweep import sweep
from engine.erase.tables import TABLES, Anonymised, Deleted, Nobodys, Sealed

__all__ = [
    "TABLES",
    "Anonymised",
    "CannotSeal",
    "Deleted",
    "Erased",
    "Nobodys",
    "Person",
    "Sealed",
    "erase",
    "find_person",
    "in_numbers",
    "sweep",
]
