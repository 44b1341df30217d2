"""What runs beside students' code: only this folder, Python, numpy and torch are in reach there.

Nothing here knows a check, an expected value or a reference solution.
"""
