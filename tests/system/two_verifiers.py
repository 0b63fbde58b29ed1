"""Two verifiers, one verdict: detente-verify (C++) and interop/verify.py (written from spec/ alone) over one file."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("DETENTE_SOURCE", pathlib.Path(__file__).parents[2]))
PROGRAM = pathlib.Path(os.environ["DETENTE_BIN"]) / "detente-verify"
PYTHON = os.environ.get("DETENTE_PYTHON", sys.executable)
EXITS = {"proved": 0, "failed": 1, "unanchored": 3, "unattested": 4}

sys.path.insert(0, str(SOURCE / "interop"))
import extract as interop_extract  # noqa: E402
import verify as interop_verify  # noqa: E402


def cpp(*arguments):
    """exit code, parsed answer."""
    done = subprocess.run([PROGRAM, *map(str, arguments), "--json"], capture_output=True, timeout=60)
    if done.returncode not in (0, 1, 3, 4):
        raise AssertionError(f"{arguments}: exit {done.returncode}: {done.stderr!r}")
    return done.returncode, json.loads(done.stdout)


def bare(value):
    """Without what each verifier may add for people; an error is one or none."""
    if isinstance(value, dict):
        return {k: bool(v) if k == "error" else bare(v)
                for k, v in value.items() if k not in ("why", "entry", "name")}
    return [bare(v) for v in value] if isinstance(value, list) else value


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, data, name="file"):
        path = pathlib.Path(self.folder.name) / name
        path.write_bytes(data)
        return path

    def as_typed(self, *arguments):
        """The one answer of both to these arguments, without what only one says."""
        arguments = [str(argument) for argument in arguments]
        code, ours = cpp(*arguments)
        theirs = interop_verify.run(interop_verify.parse_arguments(arguments))
        self.assertEqual(bare(ours), bare(theirs), f"they differ on {arguments}")
        self.assertEqual(code, EXITS[ours["verdict"]])
        return bare(ours)

    def both(self, data, roots=None, digest=None):
        """The one verdict of both on an extract."""
        arguments = [f"--root={side}={interop_verify.base64.b64encode(root).decode()}"
                     for side, root in (roots or {}).items()]
        if digest:
            arguments.append(f"--accord={digest.hex()}")
        code, ours = cpp("entry", self.path(data), *arguments)
        theirs = interop_extract.verify_extract(data, roots or {}, digest)
        self.assertEqual(bare(ours), bare(theirs), f"they differ on {data.hex()}")
        self.assertEqual(code, EXITS[ours["verdict"]])
        return ours["verdict"]
