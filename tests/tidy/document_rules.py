"""Documents: links lead somewhere, every threat names a test that exists, and no question to spec/ is open."""

import posixpath
import re

from tree import scrub

THREATS = "docs/threat-model.md"
QUESTIONS = "interop/QUESTIONS.md"
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_OPEN = re.compile(r"^open\b|\b(is|are|stays?|remains?|left) open\b", re.IGNORECASE)


def _without_code(text):
    """Markdown with fenced blocks and code spans blanked; lines stay."""
    text = _FENCE.sub(lambda m: "\n" * m.group(0).count("\n"), text)
    return _CODE.sub("``", text)


def anchors(text):
    """The anchors that a Markdown page's headings give."""
    found = set()
    for match in re.finditer(r"^#{1,6}\s+(.*?)\s*#*$", _FENCE.sub("", text), re.MULTILINE):
        title = re.sub(r"[`*]|\]\([^)]*\)|\[", "", match.group(1)).lower()
        slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        while slug in found:
            slug += "-1"
        found.add(slug)
    return found


def check_links(tree):
    for path, text in tree.texts.items():
        if not path.endswith(".md"):
            continue
        for number, line in enumerate(_without_code(text).split("\n"), 1):
            for match in _LINK.finditer(line):
                problem = _link_problem(tree, path, match.group(1))
                if problem:
                    yield path, number, problem


def _link_problem(tree, path, link):
    if re.match(r"[a-z][a-z0-9+.-]*:", link):
        return None
    target, _, anchor = link.partition("#")
    full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
    if full.startswith("../") or full.startswith("/"):
        return f"the link {link} leaves the project"
    if full != "." and not tree.exists(full):
        return f"the link {link} leads nowhere"
    if anchor and full in tree.texts and full.endswith(".md") \
            and anchor not in anchors(tree.texts[full]):
        return f"{full} has no heading #{anchor}"
    return None


def gtest_names(tree):
    """Suite.Name of every GoogleTest in the tree."""
    found = set()
    call = re.compile(r"\b(?:TYPED_)?(?:TEST|RC_GTEST)\w*\(\s*(\w+)\s*,\s*(\w+)")
    for path, text in tree.cpp():
        if path.endswith("_test.cc"):
            found |= {f"{a}.{b}" for a, b in call.findall(scrub(text))}
    return found


def check_threats(tree):
    """In a table whose last column is "test", each row names tests, and they exist.

    A test is a path (`src/crypto/sign_test.cc`) or a GoogleTest (`Suite.Name`).
    """
    text = tree.texts.get(THREATS)
    if text is None:
        yield THREATS, 1, "the threat model is missing"
        return
    names, rows, in_table = gtest_names(tree), 0, False
    for number, line in enumerate(text.split("\n"), 1):
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            in_table = False
        elif cells[-1].lower() in ("test", "tests"):
            in_table = True
        elif in_table and not set("".join(cells)) <= set("-: "):
            rows += 1
            tests = re.findall(r"`([^`]+)`", cells[-1])
            if not tests:
                yield THREATS, number, f'"{cells[0]}" names no test'
            for test in tests:
                if test not in names and not ("/" in test and test in tree.paths):
                    yield THREATS, number, f"{test} is no test of this tree"
    if rows == 0:
        yield THREATS, 1, 'no threat found: a table whose last column is "test" is expected'



def check_questions(tree):
    """Whoever asked what spec/ means has an answer, in a table whose last column is "answer".

    An answer that begins with "open", or says that something is or stays open, is none.
    """
    text = tree.texts.get(QUESTIONS)
    if text is None:
        return
    rows, in_table = 0, False
    for number, line in enumerate(text.split("\n"), 1):
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            in_table = False
        elif cells[-1].lower() == "answer":
            in_table = True
        elif in_table and not set("".join(cells)) <= set("-: "):
            rows += 1
            if not cells[-1] or _OPEN.search(cells[-1]):
                yield QUESTIONS, number, f"question {cells[0]} is open: answer it in spec/"
    if rows == 0:
        yield QUESTIONS, 1, 'no question found: a table whose last column is "answer" is expected'


RULES = [check_links, check_threats, check_questions]
