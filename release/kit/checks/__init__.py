"""The visible checks: what a student can see of an exercise's checks before handing in.

They run in the student's own process, on inputs that anyone may read here. The graded checks use
other inputs; passing these is a good sign, not a grade.
"""

from .run import check
from .table import CheckTable

__all__ = ["CheckTable", "check"]
