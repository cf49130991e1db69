"""JSON log lines with stable codes, as the other rooms write them. Event text never goes in."""
from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from typing import Any

# A message of an engine can be a whole plan: cut like the other rooms' loggers do.
MAX_FIELD = 500


def log(level: str, code: str, **fields: Any) -> None:
    """One line on stdout. Values are cut to 500 characters."""
    line = {"time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"), "level": level, "code": code}
    line.update({key: value[:MAX_FIELD] if isinstance(value, str) else value for key, value in fields.items()})
    print(json.dumps(line, default=str), flush=True)
    sys.stdout.flush()


def info(code: str, **fields: Any) -> None:
    log("INFO", code, **fields)


def warn(code: str, **fields: Any) -> None:
    log("WARN", code, **fields)


def error(code: str, **fields: Any) -> None:
    log("ERROR", code, **fields)
