"""Everything that is known of a customer, as one archive that people and programs can read."""

from engine.export.archive import write_archive
from engine.export.known import Known, known

__all__ = ["Known", "known", "write_archive"]
