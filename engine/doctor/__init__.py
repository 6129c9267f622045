"""Looks at everything around the engine that delivery rests on, says what it saw, and what to do."""

from engine.doctor.examine import CHECKS, examine
from engine.doctor.finding import Finding
from engine.doctor.names import Names
from engine.doctor.patient import Patient

__all__ = ["CHECKS", "Finding", "Names", "Patient", "examine"]
