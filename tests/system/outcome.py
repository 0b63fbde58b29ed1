"""How a script of tests ends: with 77 when any of it was skipped, so that ctest never counts what did not run as passed."""

import sys
import unittest

SKIPPED = 77


def skip(reason):
    """Of a script that cannot run here at all."""
    print(f"skipped: {reason}", flush=True)
    sys.exit(SKIPPED)


def main(argv=None):
    """unittest.main() of the script that calls it. A failure is worth more than a skip; a run of no tests is a failure, too."""
    result = unittest.main(argv=argv, verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped:
        skip("; ".join(dict.fromkeys(reason for _, reason in result.skipped)) + ": all else passed")
    if result.testsRun == 0:
        sys.exit("no test was run")
