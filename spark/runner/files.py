"""Reads the job's own text files, from a checkout or from jobs.zip alike. Paths are relative to spark/; rules lie under rules/."""
from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Dict, List

from runner.outcome import RunnerError

_SUFFIXES = (".sql", ".dqdl", ".yml")


class Files:
    """All SQL, DQDL and YAML of the job by path: `silver/cleaned_events/load.sql`, `rules/thresholds.yml`."""

    def __init__(self, texts: Dict[str, str]) -> None:
        self._texts = texts

    def read(self, path: str) -> str:
        if path not in self._texts:
            raise RunnerError(f"{path} is not part of the job's files")
        return self._texts[path]

    def has(self, path: str) -> bool:
        return path in self._texts

    def matching(self, suffix: str) -> List[str]:
        return sorted(path for path in self._texts if path.endswith(suffix))


def load_files() -> Files:
    here = Path(__file__).resolve()
    for parent in here.parents:
        if parent.suffix == ".zip":
            return Files(_from_zip(parent))
    root = here.parent.parent
    texts = _from_folder(root, "")
    # In a checkout the rules lie beside the other schemas; the archive brings them along.
    texts.update(_from_folder(root.parent / "schemas" / "rules", "rules/"))
    return Files(texts)


def _from_folder(root: Path, prefix: str) -> Dict[str, str]:
    found = (path for path in root.rglob("*") if path.suffix in _SUFFIXES)
    return {prefix + path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in found}


def _from_zip(path: Path) -> Dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(_SUFFIXES)]
        return {name: archive.read(name).decode("utf-8") for name in names}
