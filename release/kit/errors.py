"""The one exception of the kit: what went wrong, where, and what to do next."""


class KitError(RuntimeError):
    """A mistake in the input or the set-up, told in one plain line."""
