"""The program that a browser loads: Streamlit's own files, packed once and kept.

Here: scripts and style sheets, and which of them a page needs first. Not here: the pages, and files of ours (there are
none). Streamlit reads each of some seventy files from disk, in a thread, and sends it unpacked: a fresh browser waited
longer for them than for anything that we compute.
"""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = Path(streamlit.__file__).parent / "static" / "static"
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FOREVER = "public, immutable, max-age=31536000"  # their names change with what is in them
# Parts of a page that Streamlit's program asks for only when the first of them has come in.
LATE = ("Html.", "purify.es.", "PageLink.", "remark-emoji.")


class KeptAssets:
    """Answers for the known files; everything else goes on, pages with a hint which files come late."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        known = (file for kind in KINDS for file in FOLDER.glob(f"*/*{kind}"))
        self._files = {f"/static/{file.parent.name}/{file.name}": file for file in known}
        self._packed: dict[str, bytes] = {}  # a tenth of the folder, 1 MB; 7 MB if every file is asked for
        late = sorted(path for path in self._files if Path(path).name.startswith(LATE))
        self._hint = ", ".join(f"<.{path}>; rel=modulepreload" for path in late)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the packed file, where there is one and the browser can unpack it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, headers = scope["path"], dict(scope["headers"])
        whole = scope["method"] == "GET" and b"range" not in headers
        if whole and path in self._files and b"gzip" in headers.get(b"accept-encoding", b""):
            told = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Cache-Control": FOREVER}
            kind = KINDS[self._files[path].suffix]
            await Response(await self.packed(path), media_type=kind, headers=told)(scope, receive, send)
            return

        async def hinted(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                if own.get("content-type", "").startswith("text/html"):
                    own.append("Link", self._hint)
            await send(message)

        await self._app(scope, receive, hinted)

    async def packed(self, path: str) -> bytes:
        """The file of that address, gzip."""
        if path not in self._packed:
            self._packed[path] = await asyncio.to_thread(_pack, self._files[path])
        return self._packed[path]


def _pack(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), compresslevel=6, mtime=0)
