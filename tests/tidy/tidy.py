#!/usr/bin/env python3
"""Rejects what no compiler does: includes in the wrong direction, clocks in the core, dead
files, broken links, threats without a test, questions without an answer. Python's standard
library only.

    tests/tidy/tidy.py [ROOT]     prints FILE:LINE: reason; ends with 1 when there is any
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import document_rules  # noqa: E402
import file_rules  # noqa: E402
import layer_rules  # noqa: E402
from tree import Tree  # noqa: E402

RULES = layer_rules.RULES + file_rules.RULES + document_rules.RULES


def findings(root):
    """(path, line, reason) of everything that any rule rejects below root, and the file count."""
    tree = Tree(root)
    found = sorted({finding for rule in RULES for finding in rule(tree)})
    return found, len(tree.texts)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.environ.get(
        "DETENTE_SOURCE", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    found, count = findings(root)
    for path, line, reason in found:
        print(f"{path}:{line}: {reason}")
    print(f"tidy: {count} files, {len(RULES)} rules, {len(found)} findings")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
