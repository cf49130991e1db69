"""
The part of YAML that our rule files use: block mappings and sequences, flow lists and maps on one line, plain and quoted
scalars, comments. The job's image promises no YAML package; an error names file, line and reason.
"""
from __future__ import annotations

import re
from typing import Any, List, Tuple

from runner.outcome import RunnerError

_KEY = re.compile(r"""^(?P<key>"[^"]*"|'[^']*'|[^\s\[\]{}'"#:&*!|>%@`,][^:#]*?)\s*:(?:\s+(?P<rest>.*))?$""")
_INT = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$")

Line = Tuple[int, int, str]  # line number, indent, text


def parse_yaml(text: str, name: str) -> Any:
    """Dict, list or scalar of one document; RunnerError with line and reason on anything outside the subset."""
    lines: List[Line] = []
    for number, raw in enumerate(text.split("\n"), 1):
        if "\t" in raw[: len(raw) - len(raw.lstrip())]:
            raise RunnerError(f"{name}:{number}: a tab in the indentation")
        line = _strip_comment(raw).rstrip()
        if line.strip():
            lines.append((number, len(line) - len(line.lstrip()), line.strip()))
    return _Parser(lines, name).document()


def _strip_comment(line: str) -> str:
    quote = ""
    for index, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"" and (index == 0 or line[index - 1] in " [{,:"):
            quote = char
        elif char == "#" and (index == 0 or line[index - 1] == " "):
            return line[:index]
    return line


class _Parser:
    def __init__(self, lines: List[Line], name: str) -> None:
        self._lines, self._name, self._at = lines, name, 0

    def fail(self, number: int, reason: str) -> RunnerError:
        return RunnerError(f"{self._name}:{number}: {reason}")

    def document(self) -> Any:
        if not self._lines:
            return None
        value = self._block(self._lines[0][1])
        if self._at < len(self._lines):
            raise self.fail(self._lines[self._at][0], "indentation fits no level above")
        return value

    def _block(self, indent: int) -> Any:
        is_list = self._lines[self._at][2].startswith("- ") or self._lines[self._at][2] == "-"
        return self._sequence(indent) if is_list else self._mapping(indent)

    def _sequence(self, indent: int) -> List[Any]:
        items: List[Any] = []
        while self._at < len(self._lines) and self._lines[self._at][1] == indent:
            number, _, text = self._lines[self._at]
            if not (text.startswith("- ") or text == "-"):
                raise self.fail(number, "expected another '- ' entry")
            rest = text[1:].strip()
            if not rest:
                self._at += 1
                items.append(self._nested(indent, number))
            elif _KEY.match(rest) and not rest.startswith(("{", "[")):
                # "- key: value" opens a mapping whose indent is that of the key.
                inner = indent + len(text) - len(text[1:].lstrip())
                self._lines[self._at] = (number, inner, rest)
                items.append(self._mapping(inner))
            else:
                self._at += 1
                items.append(self._scalar(rest, number))
        return items

    def _mapping(self, indent: int) -> dict:
        found: dict = {}
        while self._at < len(self._lines) and self._lines[self._at][1] == indent:
            number, _, text = self._lines[self._at]
            match = _KEY.match(text)
            if not match:
                raise self.fail(number, "expected 'key: value'")
            key = match.group("key").strip("'\"")
            if key in found:
                raise self.fail(number, f"key '{key}' is there twice")
            self._at += 1
            rest = (match.group("rest") or "").strip()
            found[key] = self._scalar(rest, number) if rest else self._nested(indent, number)
        if self._at < len(self._lines) and self._lines[self._at][1] > indent:
            raise self.fail(self._lines[self._at][0], "unexpected indentation")
        return found

    def _nested(self, indent: int, number: int) -> Any:
        if self._at >= len(self._lines):
            return None
        deeper = self._lines[self._at][1]
        starts_list = self._lines[self._at][2].startswith("-")
        if deeper > indent or (deeper == indent and starts_list and not self._lines[self._at - 1][2].startswith("-")):
            return self._block(deeper)
        return None

    def _scalar(self, text: str, number: int) -> Any:
        if text[0] in "[{":
            value, rest = self._flow(text, number)
            if rest.strip():
                raise self.fail(number, f"text after the closing bracket: {rest.strip()}")
            return value
        if text[0] in "&*!|>%@`":
            raise self.fail(number, f"'{text[0]}' is not supported")
        return self._plain(text, number)

    def _flow(self, text: str, number: int) -> Tuple[Any, str]:
        """A value at the start of `text` and what follows it."""
        text = text.lstrip()
        if text[:1] == "[":
            items: List[Any] = []
            text = text[1:].lstrip()
            while not text.startswith("]"):
                value, text = self._flow(text, number)
                items.append(value)
                text = self._separator(text, "]", number)
            return items, text[1:]
        if text[:1] == "{":
            found: dict = {}
            text = text[1:].lstrip()
            while not text.startswith("}"):
                match = re.match(r"""("[^"]*"|'[^']*'|[^:,\[\]{}]+?)\s*:\s+""", text)
                if not match:
                    raise self.fail(number, "expected 'key: value' inside { }")
                value, text = self._flow(text[match.end() :], number)
                found[match.group(1).strip("'\"")] = value
                text = self._separator(text, "}", number)
            return found, text[1:]
        match = re.match(r"""\s*("[^"]*"|'[^']*'|[^,\[\]{}]+)""", text)
        if not match:
            raise self.fail(number, "a bracket is not closed on its line")
        return self._plain(match.group(1).strip(), number), text[match.end() :]

    def _separator(self, text: str, closing: str, number: int) -> str:
        text = text.lstrip()
        if text.startswith(","):
            return text[1:].lstrip()
        if not text.startswith(closing):
            raise self.fail(number, f"expected ',' or '{closing}'")
        return text

    def _plain(self, text: str, number: int) -> Any:
        if text[0] in "'\"":
            if len(text) < 2 or text[-1] != text[0] or text[0] in text[1:-1] or "\\" in text[1:-1]:
                raise self.fail(number, "quoted text must end on its line and hold no quote or backslash")
            return text[1:-1]
        if text in ("null", "~"):
            return None
        if text in ("true", "false"):
            return text == "true"
        if _INT.match(text):
            return int(text)
        if _FLOAT.match(text):
            return float(text)
        if ": " in text:
            raise self.fail(number, "a plain value with ': ' inside needs quotes")
        return text
