"""Preparing the fast form: once, whole, whatever happens at the same time or happened before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from latticeforge.embedding import EncoderFault
from latticeforge.embedding.prepared import MANIFEST, prepared, undamaged

ENCODE = """
import sys
from pathlib import Path
import numpy as np
from latticeforge.embedding import load_encoder
np.save(sys.argv[2], load_encoder("minilm-int8", Path(sys.argv[1]), threads=1).encode(["Mayor opens bridge"]))
"""


def write_twice(folder: Path) -> None:
    """Leaves a note beside the folder each time it is called."""
    (folder / "file").write_text("whole")
    notes = folder.parent / "made"
    notes.write_text(notes.read_text() + "x" if notes.exists() else "x")


def test_two_processes_prepare_one_form(tmp_path: Path) -> None:
    cache = tmp_path / "models"
    answers = [tmp_path / "0.npy", tmp_path / "1.npy"]
    workers = [subprocess.Popen([sys.executable, "-c", ENCODE, str(cache), str(answer)]) for answer in answers]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert np.array_equal(np.load(answers[0]), np.load(answers[1]))
    (form,) = [path for path in cache.iterdir() if path.is_dir()]
    assert undamaged(form)


def test_it_is_made_once(tmp_path: Path) -> None:
    assert prepared(tmp_path, "key", write_twice) == prepared(tmp_path, "key", write_twice)
    assert (tmp_path / "made").read_text() == "x"


@pytest.mark.parametrize("damage", ["changed", "missing", "no manifest", "half a manifest"])
def test_a_damaged_form_is_made_again(tmp_path: Path, damage: str) -> None:
    folder = prepared(tmp_path, "key", write_twice)
    if damage == "changed":
        (folder / "file").write_text("whol")
    elif damage == "missing":
        (folder / "file").unlink()
    elif damage == "no manifest":
        (folder / MANIFEST).unlink()
    else:
        (folder / MANIFEST).write_text('{"file": "ab')
    prepared(tmp_path, "key", write_twice)
    assert (folder / "file").read_text() == "whole"
    assert (tmp_path / "made").read_text() == "xx"


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    left = tmp_path / ".preparing-abc"
    left.mkdir()
    (left / "graph.bin").write_bytes(b"half")
    prepared(tmp_path, "key", write_twice)
    assert not left.exists()


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EncoderFault, match=r"cannot keep the encoder in .*set LF_HOME") as caught:
        prepared(tmp_path / "file" / "models", "key", write_twice)
    assert "\n" not in str(caught.value)


def test_a_prepared_form_needs_no_right_to_write(tmp_path: Path) -> None:
    prepared(tmp_path, "key", write_twice)
    (tmp_path / ".lock").unlink()
    prepared(tmp_path, "key", write_twice)
    assert not (tmp_path / ".lock").exists()
