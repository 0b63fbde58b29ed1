"""Received documents as files.  The name is the other side's: it is made safe, and nothing that exists is written over."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from peer_blob import read_pieces, tree_of
from peer_creds import safe_text

MOST_NAME = 100


def safe_name(name: str | None) -> str:
    """The last part of a path, of visible characters, that neither hides nor means a folder."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    last = "".join(c if unicodedata.category(c)[0] in "LMNPSZ" and safe_text(c.encode("utf-8", "replace")) and c not in '<>:"|?*' else "_"
                   for c in last).strip(" .").lstrip("-~")
    last = last.encode()[:MOST_NAME].decode("utf-8", "ignore")
    return last or "document"


def save(folder: Path, name: str | None, root: bytes, pieces) -> Path:
    """Writes the pieces to a new file and reads it back: RuntimeError where the disk gave back something else."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = Path(safe_name(name))
    for candidate in (plain.name, f"{plain.stem[:40]}-{root.hex()}{plain.suffix[:12]}"):
        try:
            fd = os.open(folder / candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(fd, "wb") as out:
            for piece in pieces:
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if root_of(folder / candidate) != root:
            raise RuntimeError(f"{folder / candidate}: the file read back is not what was written")
        return folder / candidate
    existing = folder / candidate
    if not existing.is_symlink() and root_of(existing) == root:
        return existing
    raise RuntimeError(f"{existing} exists and is another document: move it away")


def root_of(file: Path) -> bytes:
    with open(file, "rb") as stream:
        return tree_of(read_pieces(stream)).root()
