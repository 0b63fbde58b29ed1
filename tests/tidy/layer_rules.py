"""Which folder may include which (docs/architecture.md), and what may be used where."""

import re

from tree import is_test, lines_matching, scrub

# The table of the layers. A folder may always include itself.
MAY_INCLUDE = {
    "base": set(),
    "crypto": {"base"},
    "wire": {"base"},
    "accord": {"base", "crypto", "wire"},
    "record": {"base", "crypto", "wire", "accord"},
    "link": {"base", "crypto", "wire"},
    "line": {"base", "wire", "accord", "record"},
    "watch": {"base", "crypto", "accord"},
    "voice": {"base", "wire"},
}
MAY_INCLUDE["core"] = set(MAY_INCLUDE)
MAY_INCLUDE["sim"] = MAY_INCLUDE["core"] | {"core"}
MAY_INCLUDE["io"] = MAY_INCLUDE["core"] | {"core"}
MAY_INCLUDE["station"] = MAY_INCLUDE["io"] | {"io"}

VERIFIER = {"base", "crypto", "wire", "accord", "record"}
# Where the outside world may be touched: files, sockets, clocks, entropy.
OUTER = ("src/io/", "src/station/", "apps/")
LAYERS_ONLY = re.compile(r"detente_(\w+)")


def layer_of(path):
    """The layer of a file below src/, else None."""
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def is_verifier(path):
    return path.startswith("apps/") and "verify" in path


def closure(layer):
    """What a layer links to, directly or through others: what its tests may include."""
    found, open_ = set(), [layer]
    while open_:
        for below in MAY_INCLUDE.get(open_.pop(), set()) - found:
            found.add(below)
            open_.append(below)
    return found


def _allowed(path):
    layer = layer_of(path)
    if layer:
        below = closure(layer) if is_test(path) else MAY_INCLUDE.get(layer, set())
        return below | {layer}
    if is_verifier(path):
        return VERIFIER
    return None


_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def check_direction(tree):
    for path, text in tree.cpp():
        layer, allowed = layer_of(path), _allowed(path)
        if layer and layer not in MAY_INCLUDE:
            yield path, 1, f"src/{layer} is no layer of the table in tests/tidy/layer_rules.py"
        if allowed is None:
            continue
        for number, match in lines_matching(scrub(text, keep_strings=True), _INCLUDE):
            target = match.group(1)
            first = target.split("/")[0]
            if first == "..":
                if not (is_test(path) and "tests/support/" in target):
                    yield path, number, f"includes {target}: name it from src/"
            elif "/" in target and first in MAY_INCLUDE and first not in allowed:
                who = f"src/{layer}" if layer else "detente-verify"
                yield path, number, f"{who} may not include src/{first} ({target})"


def check_verifier_links(tree):
    """The verifier links no station code: read from apps' CMake files."""
    call = re.compile(r"target_link_libraries\(\s*detente-verify\b([^)]*)\)")
    for path, text in tree.texts.items():
        if not path.startswith("apps/") or not path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        for match in call.finditer(text):
            for layer in LAYERS_ONLY.findall(match.group(1)):
                if layer in MAY_INCLUDE and layer not in VERIFIER:
                    yield (path, text.count("\n", 0, match.start()) + 1,
                           f"detente-verify may not link detente_{layer}")


# name of the rule, pattern over scrubbed code, what to say
_OUTSIDE = [
    (re.compile(r"\b\w*_clock\s*::\s*now\b|\bgettimeofday\b|\bclock_gettime\b"
                r"|\btime\s*\(\s*(nullptr|NULL|0)\s*\)"),
     "reads a clock outside io, station and apps: take Now as an argument"),
    (re.compile(r"\brandom_device\b|\bgetrandom\b|\bgetentropy\b|\bRAND_(priv_)?bytes\b"
                r"|\bstd\s*::\s*s?rand\b|\bmt19937(_64)?\b"),
     "global randomness outside io, station and apps: take KeyRandom or JitterRandom"),
    (re.compile(r"\bstd\s*::\s*uniform_\w+"),
     "std::uniform_* differs between libraries: use JitterRandom::below"),
]
_NOT_IN_TESTS = [
    (re.compile(r"\bthrow\b"), "throws outside io, station and apps: return a Result"),
    (re.compile(r"^\s*#\s*include\s+<(fstream|filesystem|thread|mutex|condition_variable|future"
                r"|unistd\.h|fcntl\.h|sys/[\w.]+|netinet/[\w.]+|arpa/[\w.]+|netdb\.h"
                r"|sqlite3\.h|boost/[\w./]+|CLI/[\w.]+|spdlog/[\w./]+)>"),
     "the outside world is for io, station and apps"),
    (re.compile(r"\bgetenv\b"), "the environment is for station and apps"),
]
_UNORDERED = re.compile(r"\bunordered_\w+")


def check_outside_world(tree):
    """Clocks, entropy, files, exceptions: at the edges alone."""
    for path, text in tree.cpp():
        if path.startswith(OUTER) or not path.startswith("src/"):
            continue
        code = scrub(text)
        rules = _OUTSIDE if is_test(path) else _OUTSIDE + _NOT_IN_TESTS
        for pattern, message in rules:
            for number, _ in lines_matching(code, pattern):
                yield path, number, message
        if layer_of(path) in ("core", "sim"):
            for number, match in lines_matching(code, _UNORDERED):
                yield path, number, f"{match.group(0)}: its order differs from run to run"


def check_openssl(tree):
    """Every cipher and curve comes through src/crypto."""
    include = re.compile(r"^\s*#\s*include\s+<openssl/")
    for path, text in tree.cpp():
        if not path.startswith("src/") or layer_of(path) == "crypto" or is_test(path):
            continue
        for number, _ in lines_matching(scrub(text), include):
            # io may take entropy from OpenSSL; nobody else sees it.
            if layer_of(path) != "io":
                yield path, number, "OpenSSL is for src/crypto: use its headers"


# Parsers that no bytes from outside reach but through one that is fuzzed, or that read this station's own disk.
NOT_FUZZED = {
    "decode_outbox_item", "decode_register",  # the own database
    "parse_second_ahead", "parse_second_checkpoint", "parse_second_checkpoint_bytes",  # evidence in it
    "parse_decimal", "parse_hash",  # of parse_tlog_proof
    "parse_hours", "parse_toml",  # of parse_annex and parse_accord
    "parse_day", "parse_utc",  # of a person's command
}


def check_fuzzed(tree):
    """Every parser of the layers below io has a fuzzer that calls it."""
    fuzzers = "\n".join(scrub(text) for path, text in tree.cpp() if path.startswith("tests/fuzz/"))
    declared = re.compile(r"\b((?:parse|decode)_\w+)\(")
    for path, text in tree.cpp():
        if layer_of(path) not in MAY_INCLUDE["core"] | {"core"} or not path.endswith(".h") or is_test(path):
            continue
        for number, match in lines_matching(scrub(text), declared):
            name = match.group(1)
            if name not in NOT_FUZZED and not re.search(rf"\b{name}\b", fuzzers):
                yield path, number, f"{name} has no fuzzer: call it in tests/fuzz/, or say in NOT_FUZZED what stands before it"


RULES = [check_direction, check_verifier_links, check_outside_world, check_openssl, check_fuzzed]
