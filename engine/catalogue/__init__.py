"""The catalogue: what a condition may mention, of which type it is, and where the store keeps it."""

from engine.catalogue.catalogue import QUESTION_WORDS, RESULTS, TASK_WORDS, Catalogue
from engine.catalogue.entries import (
    Aggregate,
    Column,
    Elements,
    Event,
    Field,
    Metric,
    PersonalList,
    Recommendation,
    Record,
    Stored,
    Table,
    Type,
)

__all__ = [
    "QUESTION_WORDS",
    "RESULTS",
    "TASK_WORDS",
    "Aggregate",
    "Catalogue",
    "Column",
    "Elements",
    "Event",
    "Field",
    "Metric",
    "PersonalList",
    "Recommendation",
    "Record",
    "Stored",
    "Table",
    "Type",
]
