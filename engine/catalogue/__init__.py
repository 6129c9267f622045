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
    "Aggregate",
    "Catalogue",
    "Column",
    "Elements",
    "Event",
    "Field",
    "Metric",
    "PersonalList",
    "QUESTION_WORDS",
    "RESULTS",
    "Recommendation",
    "Record",
    "Stored",
    "TASK_WORDS",
    "Table",
    "Type",
]
