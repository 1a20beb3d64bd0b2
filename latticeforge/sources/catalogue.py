"""The list of feeds that are watched.

Here: reading ``data/feeds.yaml``. Not here: polling them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic
import yaml

from latticeforge.sources.faults import UnreadableInput


@dataclass(frozen=True, slots=True)
class FeedSource:
    """One feed. ``name`` is its identity for ever: items are keyed by it."""

    name: str
    title: str
    url: str
    kind: Literal["rss", "atom", "json"] = "rss"
    country: str = ""  # ISO 3166-1 alpha-2, or INT
    language: str = ""  # ISO 639-1
    political: bool = False
    interval_s: float = 300.0
    social: bool = False  # its items are posts: the author is an account, a voice of its own
    longest_silence_s: float | None = None  # usual at most; learned in four weeks where it is not declared


class _Row(pydantic.BaseModel, extra="forbid"):
    name: str = pydantic.Field(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")
    title: str = pydantic.Field(min_length=1, max_length=200)
    url: str = pydantic.Field(pattern=r"^https?://[^\s/]+\S*$", max_length=2000)
    kind: Literal["rss", "atom", "json"] = "rss"
    country: str = pydantic.Field(pattern=r"^([A-Z]{2}|INT)$")
    language: str = pydantic.Field(pattern=r"^[a-z]{2}$")
    political: bool = False
    interval_s: float = pydantic.Field(default=300.0, ge=10.0, le=86_400.0)
    social: bool = False
    longest_silence_s: float | None = pydantic.Field(default=None, ge=60.0, le=31_536_000.0)


class _File(pydantic.BaseModel, extra="forbid"):
    feeds: list[_Row] = pydantic.Field(min_length=1)


def default_catalogue_path() -> Path:
    """Where the project's own list lies in a checkout: ``data/feeds.yaml``."""
    return Path(__file__).resolve().parents[2] / "data" / "feeds.yaml"


def load_catalogue(path: Path) -> list[FeedSource]:
    """The feeds listed in ``path``, in its order.

    Raises:
        UnreadableInput: no such file, or an entry that is not as it should be; the message names the entry.
    """
    try:
        rows = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).feeds
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read ({error.strerror}); name a list of feeds") from error
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise UnreadableInput(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableInput(f"{path}: {where}: {first['msg']}; see data/feeds.yaml for an example") from error
    feeds = [FeedSource(**row.model_dump()) for row in rows]
    repeated = sorted({feed.name for feed in feeds if sum(other.name == feed.name for other in feeds) > 1})
    if repeated:
        raise UnreadableInput(f"{path}: two feeds have the name {repeated[0]!r}; names must differ")
    return feeds
