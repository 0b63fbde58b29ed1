"""What the player prints: at most 80 columns, colours only where a terminal shows them."""

import os
import re
import shlex
import shutil
import sys
import textwrap

import evidence

_COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_WIDTH = min(80, shutil.get_terminal_size((80, 24)).columns)
_PLAIN_WORD = re.compile(r"[\w@%+=:,./~-]+\Z")
_LONG_HEX = re.compile(r"[0-9a-f]{32,}")
_INDENT = "    "


def _paint(code, text):
    return f"\033[{code}m{text}\033[0m" if _COLOURED else text


def _put(text=""):
    print(text, flush=True)


def heading(text, mark=""):
    """A rule with a title; `mark` stands at its right end."""
    middle = f"── {text} "
    end = f" {mark} ──" if mark else ""
    _put()
    _put(_paint("1", middle + "─" * max(2, _WIDTH - len(middle) - len(end)) + end))


def say(text):
    """What a narrator says: wrapped, between blank lines."""
    _put()
    for line in textwrap.wrap(text, _WIDTH):
        _put(line)


def note(text):
    before = _INDENT + " " * (len(text) - len(text.lstrip()))
    for line in textwrap.wrap(text.lstrip(), _WIDTH, initial_indent=before,
                              subsequent_indent=before + "  "):
        _put(_paint("2", line))


def good(text):
    _put(_paint("32", text))


def bad(text):
    for line in textwrap.wrap(text, _WIDTH):
        _put(_paint("1;31", line))


def verdict(judged):
    """What the judge says of a chapter, with its evidence."""
    _put()
    if judged["ok"]:
        good(f"✓ {judged['id']}: both records show it.")
        for line in evidence.lines(judged["evidence"]):
            note(line)
    else:
        bad(f"✗ {judged['id']}: not shown by both records: {judged['why']}")


def result(report):
    heading("The verdicts")
    for judged in report["chapters"]:
        line = f"{judged['id']:<12} {judged['title']}"
        if judged["ok"]:
            good(f"✓ {line}")
        else:
            bad(f"✗ {line}")
    if report.get("error"):
        bad(f"✗ {report['error']}")


def _quoted(word):
    """As people quote in a shell: double quotes where they do."""
    if _PLAIN_WORD.match(word):
        return word
    return shlex.quote(word) if re.search(r'["$`\\!]', word) else f'"{word}"'


def _chunks(words):
    """Words that stay on one line: an option and its value."""
    chunks = []
    for word in map(_quoted, words):
        if chunks and chunks[-1].startswith("--") and " " not in chunks[-1] and not word.startswith("--"):
            chunks[-1] += " " + word
        else:
            chunks.append(word)
    return chunks


def command(who, words, program="detente"):
    """A command as it is typed at a side's terminal; continued with a backslash where it is long, digests shortened."""
    words = [_LONG_HEX.sub(lambda found: found[0][:8] + "…", word) for word in words]
    prompt = f"{who}$ "
    lines, current = [], prompt + program
    for chunk in _chunks(words):
        if len(current) + 1 + len(chunk) > _WIDTH - 2:
            lines.append(current + " \\")
            current = " " * (len(prompt) + 2) + chunk
        else:
            current += " " + chunk
    first, *rest = [*lines, current]
    _put()
    _put(_paint("36", prompt) + _paint("1", first[len(prompt):]))
    for line in rest:
        for part in _fold(line, _WIDTH):
            _put(_paint("1", part))


def _fold(line, width):
    """A sentence in several lines. What has columns stays as it is, and so do its words."""
    if len(line) <= width:
        return [line]
    before = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, width, subsequent_indent=before + "  ", break_on_hyphens=False,
                         break_long_words=False)


def output(text):
    """What a command printed, indented as far as its lines leave room."""
    lines = text.rstrip("\n").split("\n")
    room = [_WIDTH - len(line) for line in lines if len(line) <= _WIDTH]
    indent = _INDENT[:min([len(_INDENT), *room])]
    for line in lines:
        for part in _fold(line, _WIDTH - len(indent)):
            _put((indent + _paint("2", part)).rstrip())


def shell_word(word):
    return shlex.quote(word)


def pasted(lines):
    """Commands for the reader to type."""
    for line in lines:
        _put(_INDENT + _paint("1", line))
