"""Mail over SMTP, pipelined where the relay announces it."""

from engine.channels.smtp.door import Smtp
from engine.channels.smtp.steps import Patience

__all__ = ["Patience", "Smtp"]
