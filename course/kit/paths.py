"""Where the kit's own files lie."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
MINIATURE = HERE / "miniature"
IMAGES = HERE / "images"
DIGITS = HERE / "digits" / "digits.safetensors"
VOCABULARY = HERE / "vocabulary.txt"
STYLE = HERE / "kit.mplstyle"
PROMPT_BOOK_PICTURE = HERE / "prompt_book.png"
