"""Conditions: one small typed language, read as SQL for sets, as Python for one record and as words for people."""

from engine.conditions.contradiction import always, never
from engine.conditions.python import Record, holds
from engine.conditions.sql import Compiled, compile_value, compile_where
from engine.conditions.terms import Mention, Moment
from engine.conditions.thresholds import Tally, Threshold, shared, tallies, thresholds
from engine.conditions.tree import Not, Tree, all_of, any_of, fields, segments_in, to_text, within
from engine.conditions.turning import LOOK_AGAIN, turns_at
from engine.conditions.types import Flawed, Scope, read
from engine.conditions.words import Reason, explain, warnings
from engine.conditions.written import read_written, written_value

__all__ = [
    "LOOK_AGAIN",
    "Compiled",
    "Flawed",
    "Mention",
    "Moment",
    "Not",
    "Reason",
    "Record",
    "Scope",
    "Tally",
    "Threshold",
    "Tree",
    "all_of",
    "always",
    "any_of",
    "compile_value",
    "compile_where",
    "explain",
    "fields",
    "holds",
    "never",
    "read",
    "read_written",
    "segments_in",
    "shared",
    "tallies",
    "thresholds",
    "to_text",
    "turns_at",
    "warnings",
    "within",
    "written_value",
]
