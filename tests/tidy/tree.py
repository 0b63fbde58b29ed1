"""The project's files as the tidy rules see them.

A Tree holds every text file of ours below a root, by relative path with
forward slashes. Left out: what is built, and what others wrote or a program
made (vectors, golden files, training texts), where our habits do not hold.
"""

import os
import re

SKIPPED_FOLDERS = {"build", "node_modules", "__pycache__"}
KEPT_HIDDEN = {".ci", ".clang-format", ".gitignore", ".github"}
FOREIGN = re.compile(r"(^|/)(vectors|golden|dictionary|corpus)/")
TEXT_NAME = re.compile(
    r"(\.(cc|h|py|sh|cmake|txt|md|toml|json|svg|html|ts)|(^|/)(test|demo|run|LICENSE))$")
MAX_BYTES = 2_000_000


class Tree:
    def __init__(self, root):
        self.root = root
        self.paths = set()   # every file, also what rules do not read (links may point there)
        self.texts = {}      # path -> text, for files that are ours
        for folder, folders, files in os.walk(root):
            if "CMakeCache.txt" in files:  # a build directory, whatever its name
                folders[:] = []
                continue
            folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS
                                and (not f.startswith(".") or f in KEPT_HIDDEN))
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
                self.paths.add(path)
                if TEXT_NAME.search(path) and (path.endswith((".cc", ".h"))
                                               or not FOREIGN.search(path)):
                    self._read(path)

    def _read(self, path):
        full = os.path.join(self.root, path)
        if os.path.islink(full) or os.path.getsize(full) > MAX_BYTES:
            return
        with open(full, encoding="utf-8", errors="replace") as file:
            self.texts[path] = file.read()

    def cpp(self):
        """(path, text) of every C++ file."""
        return [(p, t) for p, t in self.texts.items() if p.endswith((".cc", ".h"))]

    def exists(self, path):
        """Whether a file or folder of that relative path is there."""
        path = path.rstrip("/")
        return path in self.paths or any(p.startswith(path + "/") for p in self.paths)


def is_test(path):
    return path.startswith(("tests/", "interop/")) or path.endswith(("_test.cc", "_for_test.h"))


_TOKEN = re.compile(
    r'R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'
    r'|//[^\n]*|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])*'",
    re.DOTALL)


def scrub(text, keep_strings=False):
    """C++ text without comments, and with empty strings unless kept; lines stay."""
    def blank(match):
        found = match.group(0)
        if keep_strings and found[0] not in "/":
            return found
        lines = "\n" * found.count("\n")
        return lines if found[0] == "/" else '""' + lines
    return _TOKEN.sub(blank, text)


def lines_matching(text, pattern):
    """(line number from 1, match) of every line that the pattern finds."""
    for number, line in enumerate(text.split("\n"), 1):
        match = pattern.search(line)
        if match:
            yield number, match
