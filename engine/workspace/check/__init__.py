"""The check of meaning: one file for each family of rules, each a function over one playbook."""

from collections.abc import Callable

from engine.workspace.check.beginning import beginning
from engine.workspace.check.certain import certain
from engine.workspace.check.changes import changes
from engine.workspace.check.channels import channels
from engine.workspace.check.desk import desk
from engine.workspace.check.flow import flow
from engine.workspace.check.hours import hours
from engine.workspace.check.lifetimes import lifetimes
from engine.workspace.check.moments import moments
from engine.workspace.check.presence import presence
from engine.workspace.check.references import references
from engine.workspace.check.rewards import rewards
from engine.workspace.check.texts import texts
from engine.workspace.check.ways import ways
from engine.workspace.check.writable import writable
from engine.workspace.check.written import written
from engine.workspace.subject import Subject

RULES: tuple[Callable[[Subject], None], ...] = (
    references,
    channels,
    beginning,
    moments,
    presence,
    lifetimes,
    hours,
    rewards,
    flow,
    ways,
    certain,
    desk,
    writable,
    changes,
    texts,
    written,
)
