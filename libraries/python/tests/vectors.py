"""The files of libraries/streams/vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).resolve().parents[2] / "streams" / "vectors"


def vectors(name: str) -> Any:
    """The values of a vector file, as JSON has them."""
    return json.loads((_FOLDER / name).read_text())
