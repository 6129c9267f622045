"""The pages by which customers leave or stay: one click out, and what they want to receive by topic and channel."""

from engine.web.leaving.routes import routes

__all__ = ["routes"]
