"""Where a gradebook is: a path of SQLite's, or the URL of a database."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from .errors import GradebookError

_SCHEME = re.compile(r"^[A-Za-z][\w+]*://")
_POSTGRES = re.compile(r"^postgres(?:ql)?(?:\+psycopg2)?://")
_PASSWORD = re.compile(r"(://[^:@/\s]*):[^@/\s]*@")


def database_url(place: str) -> str:
    """Gives SQLAlchemy's URL of a gradebook.

    PostgreSQL is spoken to through psycopg 3, whatever driver the URL names or leaves open.

    Args:
        place: A file, or a URL such as ``sqlite:///gradebook.db`` or ``postgresql://host/db``.

    Raises:
        GradebookError: An unknown kind of database, or a folder where a file is expected.
    """
    if _POSTGRES.match(place):
        return _POSTGRES.sub("postgresql+psycopg://", place)
    if place.startswith(("sqlite:///", "postgresql+psycopg://")):
        return place
    if _SCHEME.match(place):
        kind = place.partition(":")[0]
        raise GradebookError(
            f"a gradebook of kind {kind} is not known: give a file, sqlite:///… or postgresql://…"
        )
    path = Path(place).absolute()
    if path.is_dir():
        raise GradebookError(f"{place} is a folder: give the file, such as {place}/gradebook.db")
    if not path.parent.is_dir():
        raise GradebookError(f"{place}: the folder {path.parent} is not there: make it first")
    return f"sqlite:///{quote(str(path), safe='/')}" if "?" in str(path) else f"sqlite:///{path}"


def shown(url: str) -> str:
    """Gives ``url`` for messages, with its password hidden."""
    return _PASSWORD.sub(r"\1:***@", url)
