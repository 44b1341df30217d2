"""What students import: models, pictures, digits, plots and the visible checks.

Heavy libraries are imported where they are used, so `import kit` stays quick.
"""

from .checks import CheckTable, check
from .digits import Digits, load_digits
from .drawing import Stroke, drawing
from .embedding import embed
from .errors import KitError
from .masks import check_mask, disc_mask, rectangle_mask
from .pictures import load_image, picture_names, process_pil_im, to_display
from .plots import SIGMAS, show_digits, show_images, show_losses, show_noising, show_rows
from .precompute import precompute_embeddings
from .prompts import PROMPT_BOOK, prompt_book, show_prompt_book
from .record import TrainingRecord
from .stages import DEEPFLOYD, load_stage_1
from .tiny import make_tiny_stage_1
from .variance import add_variance

__all__ = [
    "DEEPFLOYD",
    "PROMPT_BOOK",
    "SIGMAS",
    "CheckTable",
    "Digits",
    "KitError",
    "Stroke",
    "TrainingRecord",
    "add_variance",
    "check",
    "check_mask",
    "disc_mask",
    "drawing",
    "embed",
    "load_digits",
    "load_image",
    "load_stage_1",
    "make_tiny_stage_1",
    "picture_names",
    "precompute_embeddings",
    "process_pil_im",
    "prompt_book",
    "rectangle_mask",
    "show_digits",
    "show_images",
    "show_losses",
    "show_noising",
    "show_prompt_book",
    "show_rows",
    "to_display",
]
