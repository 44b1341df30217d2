"""Opens nbgrader's gradebook, and says in a line what is wrong with it.

nbgrader makes missing tables when it opens a database. So the schema is looked at before:
a gradebook of another version is left as it is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .address import shown
from .errors import GradebookError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

T = TypeVar("T")
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


def patiently(do: Callable[[], T], url: str, patience: float) -> T:
    """Does something with a database; tries again while it is locked or gone.

    Args:
        do: What to do; it must bear being done twice.
        url: The database, for the message.
        patience: Seconds after which no new try is made.

    Raises:
        GradebookError: The database stayed locked or gone, or cannot be used at all.
    """
    require_nbgrader()
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    end, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            return _wrapped(do)
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + pause > end or not _may_pass(error):
                raise GradebookError(_advice(error, url)) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        except DatabaseError as error:
            raise GradebookError(_advice(error, url)) from error


def require_nbgrader() -> None:
    """Sees that nbgrader is installed.

    Raises:
        GradebookError: It is not.
    """
    if not find_spec("nbgrader"):
        raise GradebookError("nbgrader is not installed here: pip install 'nbgrader>=0.9.5'")


def _wrapped(do: Callable[[], T]) -> T:
    """Does something with nbgrader, which turns errors of the database into its own."""
    from nbgrader.api import InvalidEntry
    from sqlalchemy.exc import DBAPIError

    try:
        return do()
    except InvalidEntry as error:
        if isinstance(error.__context__, DBAPIError):
            raise error.__context__ from None
        raise


def _may_pass(error: Exception) -> bool:
    words = str(getattr(error, "orig", error)).lower()
    lasting = ("unable to open", "readonly", "read-only", "no such", "has no column")
    refused = ("password", "does not exist", "role ")
    return not any(word in words for word in (*lasting, *refused))


def _advice(error: Exception, url: str) -> str:
    words = " ".join(str(getattr(error, "orig", error)).split())[:200]
    if "locked" in words:
        todo = "another program holds it: close formgrader and nbgrader, then try again"
    elif "not a database" in words:
        todo = "this file is no gradebook: name another"
    else:
        todo = "see that it is there and can be written, then try again"
    return f"gradebook {shown(url)}: {words}: {todo}"


@contextmanager
def opened(url: str) -> Iterator[Gradebook]:
    """Opens a gradebook, and makes an empty one where there is none.

    Raises:
        GradebookError: A gradebook of another version of nbgrader, or another program's database.
        SQLAlchemyError: The database is locked, gone or broken.
    """
    check_schema(url)
    # For a new gradebook nbgrader calls alembic, which lies beside this Python.
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join((beside, os.environ.get("PATH", "")))
    from nbgrader.api import Gradebook

    with Gradebook(url) as gradebook:
        try:
            yield gradebook
        except BaseException:
            gradebook.db.rollback()
            raise


def check_schema(url: str) -> bool:
    """Sees that a database is empty or a gradebook of this nbgrader's version.

    Returns:
        Whether it is empty.

    Raises:
        GradebookError: It is neither.
        SQLAlchemyError: The database is locked, gone or broken.
    """
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise GradebookError(
            f"gradebook {shown(url)}: {error}: correct the URL, or install its driver"
        ) from None
    try:
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
            if not tables:
                return True
            if not {"assignment", "grade"} <= tables:
                raise GradebookError(
                    f"gradebook {shown(url)}: this is another program's database: name a new one"
                )
            found = None
            if "alembic_version" in tables:
                found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        engine.dispose()
    wanted = schema_version()
    if found != wanted:
        raise GradebookError(
            f"gradebook {shown(url)}: it was made by another version of nbgrader (schema "
            f"{found or 'unknown'}, wanted {wanted}): make a copy of it, then run "
            "`nbgrader db upgrade`"
        )
    return False


def schema_version() -> str:
    """Gives the version of the schema that the installed nbgrader writes."""
    import nbgrader
    from alembic.script import ScriptDirectory

    folder = Path(nbgrader.__file__).parent / "alembic"
    return str(ScriptDirectory(str(folder)).get_current_head())
