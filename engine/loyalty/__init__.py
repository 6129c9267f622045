"""Vouchers and points of a batch of runs: counted and taken as the steps ask, written in the transaction of their moves."""

from engine.loyalty.batch import Loyalty
from engine.loyalty.issue import Issue, NoMore, Short
from engine.loyalty.till import Till

__all__ = ["Issue", "Loyalty", "NoMore", "Short", "Till"]
