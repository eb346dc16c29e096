"""Where each value came from: names and places, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django_hardened.dotenv import Place


@dataclass(frozen=True)
class Source:
    """Where a value came from, without the value."""

    kind: Literal["environment", "file", "secret file", "default"]
    place: Place | Path | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.place}" if self.place else self.kind


class Sources(Mapping[str, Source]):
    """The variables read so far and where each came from; a live view of an ``Env``.

    It crosses into Django's settings as ``HARDENED_ENV_SOURCES``, so that checks can speak about
    the environment without reading it.
    """

    def __init__(
        self, file: Path | None, available: Mapping[str, Source], read: Mapping[str, Source]
    ) -> None:
        self.file = file
        self._available = available
        self._read = read

    @property
    def unread(self) -> dict[str, Source]:
        """The variables that are set and that nothing has read."""
        return {
            name: source
            for name, source in self._available.items()
            if name not in self._read and name.removesuffix("_FILE") not in self._read
        }

    def __getitem__(self, name: str) -> Source:
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {str(src)!r}" for name, src in self.items()) + "}"
