"""The brand's settings, and how single values of every file are written."""

from engine.settings.settings import Settings, Voucher, is_zone

__all__ = ["Settings", "Voucher", "is_zone"]
