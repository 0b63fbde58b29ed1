"""What holds for single files: size, leftovers, sleeps, paths, and whether anything uses them."""

import fnmatch
import posixpath
import re

from tree import is_test, lines_matching, scrub

MAX_LINES = 500
CODE = (".cc", ".h", ".py", ".sh", ".ts", ".cmake")

# Written so that this file does not find itself.
_LEFTOVER = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")
_MACHINE_PATH = re.compile(r"(?<![\w.])/(wor[k]|hom[e]/\w+|roo[t]/|User[s]/\w+)(?=[/\w\"'`\s]|$)")
_TMP_PATH = re.compile(r"[\"'=\s]/tm[p]/")
_SLEEP = re.compile(r"\bslee[p]_(for|until)\b|\b(u|nano)slee[p]\s*\(|\btime\.slee[p]\s*\("
                    r"|(^|[;&|({]|\bdo\b|\bthen\b)\s*slee[p]\s+[\d$.\"]")
_POLL = re.compile(r"(#|//) poll interval\b")
_SECONDS = re.compile(r"slee[p]\D*?([\d.]+)\s*(ms|us)?")
MAX_POLL_SECONDS = 0.25


def is_code(path):
    return path.endswith(CODE) or path.endswith("CMakeLists.txt") or path in ("test", "demo")


def check_size(tree):
    for path, text in tree.texts.items():
        lines = text.count("\n")
        if is_code(path) and lines > MAX_LINES:
            yield path, lines, f"{lines} lines, more than {MAX_LINES}: what else lives here?"


def check_leftovers(tree):
    for path, text in tree.texts.items():
        for number, match in lines_matching(text, _LEFTOVER):
            yield path, number, f"{match.group(0)}: finish it, or open an issue"


def check_tabs(tree):
    for path, text in tree.texts.items():
        if is_code(path):
            for number, _ in lines_matching(text, re.compile("\t")):
                yield path, number, "a tab: indent with spaces"


def check_pragma_once(tree):
    for path, text in tree.cpp():
        if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.MULTILINE):
            yield path, 1, "#pragma once is missing"


def _short_poll(line):
    """Whether a line is a marked pause between two looks at a condition."""
    if not _POLL.search(line):
        return False
    seconds = _SECONDS.search(line)
    if not seconds:
        return False
    scale = {"ms": 1e-3, "us": 1e-6, None: 1.0}[seconds.group(2)]
    return float(seconds.group(1)) * scale <= MAX_POLL_SECONDS


def check_sleeps(tree):
    """Tests wait for a condition. A loop that polls marks its pause: "poll interval"."""
    for path, text in tree.texts.items():
        if not is_test(path) or not path.endswith((".cc", ".h", ".py", ".sh")):
            continue
        lines = text.split("\n")
        code = scrub(text) if path.endswith((".cc", ".h")) else text
        for number, _ in lines_matching(code, _SLEEP):
            if not _short_poll(lines[number - 1]):
                yield path, number, 'a sleep in a test: wait for a condition (a pause of at most ' \
                    f'{MAX_POLL_SECONDS} s in a polling loop is marked "poll interval")'


def check_machine_paths(tree):
    for path, text in tree.texts.items():
        for number, match in lines_matching(text, _MACHINE_PATH):
            yield path, number, f"a path of one machine: {match.group(0).strip()}"
        if is_code(path):
            for number, _ in lines_matching(text, _TMP_PATH):
                yield path, number, "a fixed path for temporary files: ask for a new one (mktemp)"


# --- dead files -----------------------------------------------------------------------------

_WORD = re.compile(r"[^\s()\"]+\.(?:cc|h|py|sh)\b")
_LAYER = re.compile(r"^\s*detente_layer\((\w+)", re.MULTILINE)


def _cmake_reaches(tree):
    """Files that some CMakeLists.txt names, by name or by pattern."""
    sources = [p for p in tree.texts if p.endswith((".cc", ".h", ".py", ".sh"))]
    reached = set()
    for path, text in tree.texts.items():
        if not path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        folder = posixpath.dirname(path)
        text = re.sub(r"(^|\s)#[^\n]*", r"\1", text)
        layers = _LAYER.findall(text)
        for word in _WORD.findall(text):
            word = re.sub(r"\$\{(CMAKE_CURRENT_SOURCE_DIR|CMAKE_CURRENT_LIST_DIR)\}/", "", word)
            at_root = "${CMAKE_SOURCE_DIR}/" in word or "${PROJECT_SOURCE_DIR}/" in word
            word = re.sub(r"\$\{(CMAKE|PROJECT)_SOURCE_DIR\}/", "", word)
            names = [word.replace("${name}", layer) for layer in layers] if "${name}" in word \
                else [word]
            for name in names:
                name = re.sub(r"\$\{\w+\}", "*", name)
                full = posixpath.normpath(posixpath.join("" if at_root else folder, name))
                slashes = full.count("/")
                reached |= {s for s in sources
                            if s.count("/") == slashes and fnmatch.fnmatchcase(s, full)}
                # A function's argument may be relative to another folder of that CMake file.
                if "*" not in name:
                    reached |= {s for s in sources
                                if s.startswith(folder) and s.endswith("/" + name)}
    return reached


def _include_targets(tree, path, text):
    for match in re.finditer(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
        target = match.group(1)
        for start in (posixpath.dirname(path), "src", ""):
            full = posixpath.normpath(posixpath.join(start, target))
            if full in tree.texts:
                yield full


def check_dead_files(tree):
    reached = _cmake_reaches(tree)
    open_ = [p for p in reached if p.endswith((".cc", ".h"))]
    while open_:
        path = open_.pop()
        for target in _include_targets(tree, path, tree.texts[path]):
            if target not in reached:
                reached.add(target)
                open_.append(target)
    for path in tree.texts:
        if path.endswith((".cc", ".h")) and path not in reached:
            yield path, 1, "no CMake target and no include reaches this file"
        elif path.endswith((".py", ".sh")) and path not in reached \
                and not _is_mentioned(tree, path):
            yield path, 1, "nothing runs, imports or names this script"


def _is_mentioned(tree, path):
    """Whether another file names a script, or imports it."""
    name = posixpath.basename(path)
    stem = name.rsplit(".", 1)[0]
    imports = re.compile(rf"^\s*(from|import)\s+([\w.]*\.)?{re.escape(stem)}\b"
                         rf"|^\s*from\s+[\w.]+\s+import\s+.*\b{re.escape(stem)}\b", re.MULTILINE)
    if name == "__init__.py":
        return True
    if name == "__main__.py":
        name = posixpath.basename(posixpath.dirname(path))
    return any(other != path and (name in text or (other.endswith(".py") and imports.search(text)))
               for other, text in tree.texts.items())


RULES = [check_size, check_leftovers, check_tabs, check_pragma_once, check_sleeps,
         check_machine_paths, check_dead_files]
