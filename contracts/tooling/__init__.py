"""What keeps the contracts honest: schemas, the AsyncAPI document, and the checks on both.

Nothing here runs in a service; partners who only read or send events need `contracts` without it.
"""

from pathlib import Path
from typing import Final

CONTRACTS: Final = Path(__file__).resolve().parents[1]
SCHEMAS: Final = CONTRACTS / "schemas"
EXAMPLES: Final = CONTRACTS / "examples"
ASYNCAPI: Final = CONTRACTS / "asyncapi.yaml"
