"""Imports CSV files of every kind: good rows go in, bad rows go to a file with their reasons."""

from engine.store.importing.kind import Reading
from engine.store.importing.kinds import KINDS
from engine.store.importing.objects import ObjectError, read_object
from engine.store.importing.run import ImportReport, import_csv, import_open
from engine.store.importing.text import Refused

__all__ = ["KINDS", "ImportReport", "ObjectError", "Reading", "Refused", "import_csv", "import_open", "read_object"]
