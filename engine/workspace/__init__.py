"""The workspace: a folder of files that marketers write, read into frozen values, or into problems."""

from engine.workspace.load import Workspace, load, load_texts
from engine.workspace.playbook import Goal, Playbook, Step, Stop

__all__ = ["Goal", "Playbook", "Step", "Stop", "Workspace", "load", "load_texts"]
