#!/usr/bin/env python3
"""The pages of spec/ that the program prints are the files that stand there."""

import difflib
import json
import os
import subprocess
import sys

DETENTE = os.path.join(os.environ["DETENTE_BIN"], "detente")
PAGES = {"acts": "spec/acts.md", "model": "spec/model/transitions.pml"}


def printed(*arguments):
    return subprocess.run([DETENTE, "spec", *arguments], check=True, capture_output=True, text=True).stdout


def main():
    for page, path in PAGES.items():
        with open(os.path.join(os.environ["DETENTE_SOURCE"], path), encoding="utf-8") as file:
            there = file.read()
        now = printed(page)
        if now != there:
            sys.stdout.writelines(difflib.unified_diff(
                there.splitlines(True), now.splitlines(True), path, f"detente spec {page}"))
            sys.exit(f"{path} is not what the program prints: detente spec {page} > {path}")
        if json.loads(printed(page, "--json"))["text"] != now:
            sys.exit(f"detente spec {page} --json holds another text")
    wrong = subprocess.run([DETENTE, "spec", "everything"], capture_output=True, text=True)
    if wrong.returncode == 0:
        sys.exit("a page that there is none of was printed")
    print(f"{len(PAGES)} pages are as printed")


if __name__ == "__main__":
    main()
