"""A folder of prepared files: made once, checked on every use, safe when two processes make it at the same time.

Here: locking, checksums, the atomic rename. Not here: what the files hold.
"""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from latticeforge.embedding.faults import EncoderFault
from latticeforge.embedding.weights import sha256_of

MANIFEST = "manifest.json"
_log = logging.getLogger(__name__)


def prepared(cache_dir: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The folder ``cache_dir/key`` with what ``make(folder)`` writes, made now unless it is there and undamaged.

    Raises ``EncoderFault`` where ``cache_dir`` cannot be written.
    """
    folder = cache_dir / key
    if undamaged(folder):
        return folder
    try:
        with _locked(cache_dir):
            if not undamaged(folder):  # another process may have made it while we waited
                _make(folder, make)
    except OSError as error:
        raise EncoderFault(f"cannot keep the encoder in {cache_dir}: {error}; set LF_HOME to another folder") from error
    return folder


def undamaged(folder: Path) -> bool:
    """Whether every file that the folder's manifest names is there with its checksum."""
    try:
        sums = json.loads((folder / MANIFEST).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    return bool(sums) and all(sha256_of(folder / name) == stored for name, stored in sums.items())


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    for left in folder.parent.glob(".preparing-*"):  # of a process that was killed: we hold the lock, nobody uses it
        shutil.rmtree(left)
    new = Path(tempfile.mkdtemp(prefix=".preparing-", dir=folder.parent))
    make(new)
    sums = {file.name: sha256_of(file) for file in sorted(new.iterdir())}
    (new / MANIFEST).write_text(json.dumps(sums, indent=2))
    if folder.exists():
        _log.warning("%s is damaged: made again", folder)
        shutil.rmtree(folder)
    new.rename(folder)


@contextmanager
def _locked(cache_dir: Path) -> Iterator[None]:
    cache_dir.mkdir(parents=True, exist_ok=True)
    with (cache_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the system if the process dies
        yield
