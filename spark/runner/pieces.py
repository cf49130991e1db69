"""
SQL that several tables share, or that makes a long load readable: `-- @use <piece>` stands for the text of a file.

    -- @use ./labels                   <table's folder>/labels.sql
    -- @use merged_ranges              sql/merged_ranges.sql
    --   gap: interval 1 hour          what ${use.gap} is in it

A line that uses a piece may be indented; its text is then indented as far. Pieces may use pieces.
"""
from __future__ import annotations

import posixpath
import re
import textwrap
from typing import Dict, List

from runner.files import Files
from runner.outcome import RunnerError
from runner.render import Section, sections

_USE = re.compile(r"^(?P<indent> *)-- @use (?P<name>(?:\./)?[a-z_0-9]+)[ ]*\n(?P<given>(?:^ *--   [a-z_]+: .*\n)*)", re.MULTILINE)
_GIVEN = re.compile(r"--   ([a-z_]+): (.*)")
_ASKED = re.compile(r"\$\{use\.([a-z_]+)\}")
# Deeper than anything a reader could follow: a piece that uses itself.
MOST_NESTED = 5


def read_sections(files: Files, path: str) -> List[Section]:
    """The sections of a SQL file, its pieces in place."""
    return sections(expand(files, path), path)


def expand(files: Files, path: str, nested: int = 0) -> str:
    """The text of a SQL file with its pieces in place. RunnerError: a piece is missing, uses itself, or is given too much or too little."""
    if nested > MOST_NESTED:
        raise RunnerError(f"{path}: pieces use each other without end")
    folder = posixpath.dirname(path)

    def piece(use: "re.Match[str]") -> str:
        name = use.group("name")
        where = f"{folder}/{name[2:]}.sql" if name.startswith("./") else f"sql/{name}.sql"
        given = dict(_GIVEN.findall(use.group("given")))
        text = _with(expand(files, where, nested + 1), given, f"{path}: @use {name}")
        return textwrap.indent(text.rstrip("\n") + "\n", use.group("indent"))

    return _USE.sub(piece, files.read(path))


def _with(text: str, given: Dict[str, str], where: str) -> str:
    asked = set(_ASKED.findall(text))
    if asked != set(given):
        raise RunnerError(f"{where}: takes {', '.join(sorted(asked)) or 'nothing'}, is given {', '.join(sorted(given)) or 'nothing'}")
    return _ASKED.sub(lambda match: given[match.group(1)], text)
