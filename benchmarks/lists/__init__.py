"""Every list and every count of every service, asked at two sizes: what grows with the people must not grow the wait.

`table.py` says how each route is asked, and a test holds it against the routes; `fill/` makes the people by SQL.
"""

from benchmarks.lists.rounds import FULL_SIZES, QUICK_SIZES, list_rows, lists

__all__ = ["FULL_SIZES", "QUICK_SIZES", "list_rows", "lists"]
