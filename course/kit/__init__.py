"""What students import: models, pictures, digits, plots and the visible checks.

Heavy libraries are imported where they are used, so `import kit` stays quick.
"""

from .embedding import embed
from .errors import KitError
from .stages import load_stage_1
from .tiny import make_tiny_stage_1
from .variance import add_variance

__all__ = ["KitError", "add_variance", "embed", "load_stage_1", "make_tiny_stage_1"]
