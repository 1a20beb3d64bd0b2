"""`lf feed parse` as a user runs it."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from latticeforge.cli.feed import app

RSS = (
    "<rss version='2.0'><channel><title>F</title><item><title>Café</title><link>/1</link>"
    "<guid isPermaLink='false'>g</guid><pubDate>Tue, 28 Jan 2025 09:17:00 EST</pubDate><author>a@e.org (Ann)</author>"
    "<description>S</description></item>"
    "</channel></rss>"
)


def run(*arguments: str):
    return CliRunner().invoke(app, ["parse", *arguments])


def test_a_file_becomes_lines(tmp_path: Path) -> None:
    (tmp_path / "f.xml").write_text(RSS)
    out = tmp_path / "out.jsonl"
    done = run(str(tmp_path / "f.xml"), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "id": "g",
        "title": "Café",
        "url": "",
        "published_at": "2025-01-28T14:17:00Z",
        "updated_at": None,
        "author": "Ann",
        "summary": "S",
        "problems": ["link dropped, not a full http address: '/1'"],
    }


def test_a_folder_is_read_whole_whatever_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "a.xml").write_text(RSS)
    (folder / "b.html").write_text("<!doctype html><html></html>")
    (folder / "c.xml").write_text("<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><rss>&c;</rss>")
    (folder / "d.bin").write_bytes(bytes(range(256)))
    (folder / "e.xml").write_bytes(b" " * 10_000_001)
    (folder / "f.json").write_text('{"items": [{"id": "1", "title": "J"}]}')
    out = tmp_path / "out.jsonl"
    done = run(str(folder), "--out", str(out), "--json")
    assert done.exit_code == 0
    assert [json.loads(line)["title"] for line in out.read_text(encoding="utf-8").splitlines()] == ["Café", "J"]
    report = json.loads(done.stdout)
    assert report["items"] == 2
    assert [one["fault"] is None for one in report["feeds"]] == [True, False, False, False, False, True]
    assert len([line for line in done.stderr.splitlines() if line]) == 4
    assert "10.0 MB; the limit is 10 MB" in done.stderr


@pytest.mark.parametrize("what", ["none.xml", "empty"])
def test_nothing_parsed_is_exit_code_1(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    done = run(str(tmp_path / what))
    assert done.exit_code == 1
    assert "Traceback" not in done.output


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "f.xml").write_text(RSS)
    done = run(str(tmp_path / "f.xml"), "--out", str(tmp_path / "no" / "out"))
    assert done.exit_code == 2
    assert "cannot be opened" in done.stderr


def test_an_address_typed_by_the_user_may_be_this_machine(tmp_path: Path) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(RSS.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run(f"http://127.0.0.1:{server.server_port}/dir/feed", "--json")
        server.shutdown()
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[0])["url"] == f"http://127.0.0.1:{server.server_port}/1"


def test_a_private_address_is_refused() -> None:
    done = run("http://10.0.0.1/feed")
    assert done.exit_code == 1
    assert "10.0.0.1 is not a public address: refused" in done.stderr
