"""What may keep the full tier from running."""

from __future__ import annotations


class FullTierError(Exception):
    """The full tier cannot run here; the message says what to do."""
