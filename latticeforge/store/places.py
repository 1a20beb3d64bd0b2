"""Where sealed days lie: a folder of this machine, or a prefix in an S3-compatible store.

Here: publishing a finished day so that no reader ever sees half of it, fetching it, listing days. Not here: what is in
a day (``snapshot``).
A folder is renamed into place. In S3 the manifest is put last and only where there is none: a day without one is not
sealed, and of two who seal at once one is refused. Keys and endpoint come from the usual ``AWS_*`` variables.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

from latticeforge.store.manifest import MANIFEST, MissingFile, SnapshotFault

_CHUNK = 8 << 20
_RETRY: Any = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}


class Archive(Protocol):
    """A place that holds sealed days, each under its date."""

    @property
    def where(self) -> str:
        """The place, for people."""

    def days(self) -> list[date]:
        """Every day there is anything of, oldest first."""

    def read(self, day: date, name: str) -> bytes:
        """One file of a day.

        Raises:
            MissingFile: it is not there.
            SnapshotFault: it cannot be read.
        """

    def fetched(self, day: date) -> AbstractContextManager[Path]:
        """A context: the folder of a day, to read from.

        Raises:
            SnapshotFault: it cannot be read.
        """

    def staged(self, day: date) -> AbstractContextManager[Path]:
        """A context: an empty folder in which to prepare a day; gone afterwards."""

    def publish(self, day: date, prepared: Path) -> None:
        """Make a prepared day visible, whole.

        Raises:
            SnapshotFault: the day is there already, or the place refuses.
        """


def archive_at(place: str | Path | Archive) -> Archive:
    """The archive at a folder, or at ``s3://bucket/prefix``.

    Raises:
        SnapshotFault: an address that names no bucket, or is of another kind.
    """
    if isinstance(place, Path):
        return LocalArchive(place)
    if not isinstance(place, str):
        return place
    if place.startswith("s3://"):
        return S3Archive(place)
    if "://" in place:
        raise SnapshotFault(f"{place!r} is no place for an archive: give a folder or s3://bucket/prefix")
    return LocalArchive(Path(place))


class LocalArchive:
    """A folder with one folder a day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        """See ``Archive``."""
        return str(self.folder)

    def days(self) -> list[date]:
        """See ``Archive``."""
        return _dates(p.name for p in self.folder.glob("[0-9]*") if p.is_dir()) if self.folder.is_dir() else []

    def read(self, day: date, name: str) -> bytes:
        """See ``Archive``."""
        try:
            return (self.folder / day.isoformat() / name).read_bytes()
        except FileNotFoundError as error:
            raise MissingFile(f"{day}/{name} is missing: is the day sealed?") from error
        except OSError as error:
            raise SnapshotFault(f"{day}/{name} cannot be read: {error}") from error

    @contextmanager
    def fetched(self, day: date) -> Iterator[Path]:
        """See ``Archive``."""
        yield self.folder / day.isoformat()

    @contextmanager
    def staged(self, day: date) -> Iterator[Path]:
        """See ``Archive``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{day}.", dir=self.folder))
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def publish(self, day: date, prepared: Path) -> None:
        """See ``Archive``."""
        for path in [*sorted(prepared.iterdir()), prepared]:
            _sync(path)
        prepared.chmod(0o755)  # mkdtemp makes it private; an archive is for readers
        try:
            prepared.rename(self.folder / day.isoformat())
        except OSError as error:
            raise SnapshotFault(f"{day} was not sealed in {self.where}: {error.strerror}") from error
        _sync(self.folder)


class S3Archive:
    """A prefix in a bucket.

    Args:
        address: ``s3://bucket/prefix``; the prefix may be empty.
    """

    def __init__(self, address: str) -> None:
        from obstore.store import S3Store

        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        if not bucket:
            raise SnapshotFault(f"{address!r} names no bucket: write s3://bucket/prefix")
        self.where = address.rstrip("/")
        # a store on plain HTTP (a local one) is reached only where AWS_ENDPOINT_URL says so
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        with _named(self.where):
            self._store = S3Store(
                bucket,
                prefix=prefix.strip("/") or None,
                client_options={"allow_http": plain, "timeout": "60s"},
                retry_config=_RETRY,
            )

    def days(self) -> list[date]:
        """See ``Archive``."""
        import obstore

        with _named(self.where):
            found = obstore.list_with_delimiter(self._store)["common_prefixes"]
        return _dates(prefix.strip("/").rpartition("/")[2] for prefix in found)

    def read(self, day: date, name: str) -> bytes:
        """See ``Archive``."""
        import obstore

        try:
            with _named(self.where):
                return bytes(obstore.get(self._store, f"{day}/{name}").bytes())
        except FileNotFoundError as error:
            raise MissingFile(f"{day}/{name} is missing: is the day sealed?") from error

    @contextmanager
    def fetched(self, day: date) -> Iterator[Path]:
        """See ``Archive``."""
        import obstore

        with tempfile.TemporaryDirectory(prefix=f"latticeforge-{day}-") as folder:
            with _named(self.where):
                for objects in obstore.list(self._store, prefix=day.isoformat()):
                    for found in objects:
                        self._fetch(found["path"], Path(folder) / found["path"].rpartition(f"{day}/")[2])
            yield Path(folder)

    def _fetch(self, key: str, path: Path) -> None:
        import obstore

        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in obstore.get(self._store, key).stream(min_chunk_size=_CHUNK):
                file.write(chunk)

    @contextmanager
    def staged(self, day: date) -> Iterator[Path]:
        """See ``Archive``."""
        with tempfile.TemporaryDirectory(prefix=f"latticeforge-{day}-") as folder:
            yield Path(folder)

    def publish(self, day: date, prepared: Path) -> None:
        """See ``Archive``."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with _named(self.where):
            for path in sorted(p for p in prepared.iterdir() if p.name != MANIFEST):
                obstore.put(self._store, f"{day}/{path.name}", path)
            try:
                manifest = (prepared / MANIFEST).read_bytes()
                obstore.put(self._store, f"{day}/{MANIFEST}", manifest, mode="create", use_multipart=False)
            except AlreadyExistsError as error:
                raise SnapshotFault(f"{day} was sealed in {self.where} by somebody else meanwhile") from error


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Turn what a store answers into one line that names the place; a missing object stays ``FileNotFoundError``."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise SnapshotFault(f"{where}: {' '.join(str(error).split())[:300]}") from error


def _dates(names: Iterator[str] | Any) -> list[date]:
    days = []
    for name in names:
        try:
            days.append(date.fromisoformat(name))
        except ValueError:
            continue  # somebody's own folder beside the days
    return sorted(days)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
