"""Conditions: one small typed language, read as SQL for sets, as Python for one record and as words for people."""

from engine.conditions.python import Record, holds
from engine.conditions.sql import Compiled, compile_value, compile_where
from engine.conditions.terms import Mention, Moment
from engine.conditions.thresholds import Threshold, thresholds
from engine.conditions.tree import Not, Tree, all_of, any_of, fields, segments_in, to_text, within
from engine.conditions.types import Flawed, Scope, read
from engine.conditions.words import Reason, explain, warnings

__all__ = [
    "Compiled",
    "Flawed",
    "Mention",
    "Moment",
    "Not",
    "Reason",
    "Record",
    "Scope",
    "Threshold",
    "Tree",
    "all_of",
    "any_of",
    "compile_value",
    "compile_where",
    "explain",
    "fields",
    "holds",
    "read",
    "segments_in",
    "thresholds",
    "to_text",
    "warnings",
    "within",
]
