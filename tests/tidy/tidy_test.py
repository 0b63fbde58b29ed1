#!/usr/bin/env python3
"""The tidy rules can fail: each finds what is planted, and lets the clean tree pass."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tidy  # noqa: E402
from tree import scrub  # noqa: E402

# Words that tidy would find in this file itself are put together here.
UNDONE = "TO" + "DO"
SLEEP = "sle" + "ep"
WORK = "/wo" + "rk"
TMP = "/t" + "mp/"

CLEAN = {
    "CMakeLists.txt": "add_subdirectory(src)\n",
    "src/CMakeLists.txt": (
        "function(detente_layer name)\n"
        "  file(GLOB sources ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)\n"
        "endfunction()\n"
        "detente_layer(base)\ndetente_layer(crypto DEPENDS base)\ndetente_layer(core)\n"
        "detente_layer(io)\ndetente_layer(line)\n"),
    "src/base/bytes.h": "// A std::random_device in a comment.\n#pragma once\n",
    "src/base/bytes.cc": '#include "base/bytes.h"\n\n#include <vector>\n',
    "src/crypto/hash.h": '#pragma once\n#include "base/bytes.h"\n',
    "src/crypto/hash.cc": '#include "crypto/hash.h"\nconst char* text = "throw time(nullptr)";\n',
    "src/crypto/hash_test.cc": '#include "../../tests/support/vectors.h"\nTEST(Hash, Knows) {}\n',
    "src/core/station.cc": '#include "crypto/hash.h"\n',
    "src/io/clock.cc": "auto now() { return std::chrono::steady_clock::now(); }\n",
    "tests/support/vectors.h": "#pragma once\n",
    "apps/CMakeLists.txt": (
        "add_executable(detente-verify verify/main.cc)\n"
        "target_link_libraries(detente-verify PRIVATE detente_record detente_crypto)\n"),
    "apps/verify/main.cc": '#include "crypto/hash.h"\n',
    "docs/threat-model.md": (
        "# Threats\n\n| threat | stopped by | test |\n|---|---|---|\n"
        "| a forged hash | hashing | `src/crypto/hash_test.cc`, `Hash.Knows` |\n"),
    "README.md": "See [threats](docs/threat-model.md#threats) and `[no](link.md)`.\n",
}


class Planted(unittest.TestCase):
    def findings(self, changes):
        """What tidy says of the clean tree with these files laid over it (None removes one)."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**CLEAN, **changes}.items():
                if text is None:
                    continue
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            return tidy.findings(root)[0]

    def found(self, path, line, part, text, **more):
        """Exactly one finding, at that place, for that reason."""
        found = self.findings({path: text, **more})
        self.assertEqual([(p, n) for p, n, _ in found], [(path, line)], found)
        self.assertIn(part, found[0][2])

    def clean(self, path, text):
        self.assertEqual(self.findings({path: text}), [])

    def test_clean_tree_passes(self):
        self.assertEqual(self.findings({}), [])

    # --- layers ---

    def test_include_upwards(self):
        self.found("src/base/bytes.cc", 2, "src/base may not include src/crypto",
                   '#include "base/bytes.h"\n#include "crypto/hash.h"\n')

    def test_sim_never_io(self):
        self.found("src/sim/world.cc", 1, "src/sim may not include src/io",
                   '#include "io/clock.h"\n', **{"src/CMakeLists.txt": CLEAN["src/CMakeLists.txt"]
                                                 + "detente_layer(sim)\n"})

    def test_line_does_not_see_crypto_but_its_tests_may(self):
        include = '#include "crypto/hash.h"\n'
        self.found("src/line/text.cc", 1, "src/line may not include src/crypto", include)
        self.clean("src/line/text_test.cc", include)

    def test_include_beside_the_layers(self):
        self.found("src/crypto/hash.cc", 1, "name it from src/", '#include "../base/bytes.h"\n')

    def test_a_parser_that_no_fuzzer_calls(self):
        header = "// Thing.\n#pragma once\nResult<int> parse_thing(ByteView bytes);\n"
        used = {"src/line/thing.cc": '#include "line/thing.h"\n',
                "tests/fuzz/CMakeLists.txt": "file(GLOB fuzzers ${CMAKE_CURRENT_SOURCE_DIR}/*_fuzz.cc)\n"}
        self.found("src/line/thing.h", 3, "parse_thing has no fuzzer", header, **used)
        self.found("src/line/thing.h", 3, "parse_thing has no fuzzer", header, **used,
                   **{"tests/fuzz/thing_fuzz.cc": "// parse_thing\nint parse_things();\n"})
        called = {"tests/fuzz/thing_fuzz.cc": "int a = parse_thing(b);\n"}
        self.assertEqual(self.findings({"src/line/thing.h": header, **used, **called}), [])
        self.assertEqual(self.findings({"src/io/thing.h": header, "src/io/thing.cc": '#include "io/thing.h"\n'}), [])

    def test_unknown_layer(self):
        self.found("src/extra/thing.cc", 1, "no layer", "int thing;\n", **{
            "src/CMakeLists.txt": CLEAN["src/CMakeLists.txt"] + "detente_layer(extra)\n"})

    def test_verifier_includes_core(self):
        self.found("apps/verify/main.cc", 1, "detente-verify may not include src/io",
                   '#include "io/clock.h"\n')

    def test_verifier_links_core(self):
        self.found("apps/CMakeLists.txt", 2, "detente-verify may not link detente_core",
                   "add_executable(detente-verify verify/main.cc)\n"
                   "target_link_libraries(detente-verify PRIVATE detente_core)\n")

    # --- the outside world ---

    def test_outside_world_in_core(self):
        for code, part in [
                ("auto t = std::chrono::steady_clock::now();", "clock"),
                ("auto t = system_clock ::now();", "clock"),
                ("auto t = time(nullptr);", "clock"),
                ("auto t = std::time( NULL );", "clock"),
                ("gettimeofday(&t, nullptr);", "clock"),
                ("clock_gettime(CLOCK_MONOTONIC, &t);", "clock"),
                ("std::random_device device;", "randomness"),
                ("getrandom(p, n, 0);", "randomness"),
                ("RAND_bytes(p, n);", "randomness"),
                ("int n = std::rand();", "randomness"),
                ("std::uniform_int_distribution<int> die(1, 6);", "uniform"),
                ("std::unordered_map<int, int> map;", "unordered_map"),
                ("void f() { throw 1; }", "throw"),
                ("const char* home = getenv(name);", "environment"),
                ("#include <fstream>", "outside world"),
                ("#include <boost/asio.hpp>", "outside world"),
                ("#include <sys/socket.h>", "outside world"),
                ("#include <openssl/evp.h>", "src/crypto")]:
            with self.subTest(code):
                self.found("src/core/station.cc", 2, part, f"\n{code}\n")
                comment = f"// {code}\n/* {code} */ const char* text = \"{code}\";\n"
                if '"' not in code:
                    self.clean("src/core/station.cc", comment)

    def test_edges_may(self):
        self.clean("src/io/clock.cc", "#include <fstream>\nvoid f() { throw std::time(nullptr); }\n")

    def test_unordered_is_allowed_where_order_does_not_matter(self):
        self.clean("src/io/clock.cc", "std::unordered_map<int, int> map;\n")

    # --- files ---

    def test_long_file(self):
        self.clean("src/base/bytes.cc", "int a;\n" * 500)
        self.found("src/base/bytes.cc", 501, "501 lines", "int a;\n" * 501)

    def test_leftovers(self):
        for word in (UNDONE, "FIX" + "ME", "X" + "XX", "HA" + "CK"):
            with self.subTest(word):
                self.found("src/base/bytes.cc", 1, word, f"// {word}: later\n")
                self.found("README.md", 1, word, f"{word} write this\n")
        self.clean("src/base/bytes.cc", "// mktemp -d detente.X" + "XXXXX; HA" + "CKNEY\n")

    def test_tab(self):
        self.found("src/base/bytes.cc", 1, "tab", "\tint a;\n")

    def test_pragma_once(self):
        self.found("src/base/bytes.h", 1, "#pragma once", "int a;\n")

    def test_sleep_in_test(self):
        self.found("src/crypto/hash_test.cc", 3, "sleep",
                   CLEAN["src/crypto/hash_test.cc"] + f"std::this_thread::{SLEEP}_for(1s);\n")
        cmake = CLEAN["CMakeLists.txt"] + "add_test(a a.py)\nadd_test(b b.sh)\n"
        for path, text in [("a.py", f"time.{SLEEP}(1)\n"), ("b.sh", f"{SLEEP} 2\n"),
                           ("b.sh", f"while true; do {SLEEP} 0.1; done\n"),
                           ("a.py", f"time.{SLEEP}(3)  # poll interval\n")]:
            with self.subTest(text):
                self.found("tests/" + path, 1, "sleep", text,
                           **{"tests/CMakeLists.txt": cmake})

    def test_marked_poll_passes(self):
        cmake = "add_test(a a.py)\n"
        self.assertEqual(self.findings({
            "tests/CMakeLists.txt": cmake,
            "tests/a.py": f"while not ready():\n    time.{SLEEP}(0.05)  # poll interval\n"}), [])

    def test_machine_path(self):
        self.found("README.md", 1, "one machine", f"Look into {WORK}/main first.\n")
        self.found("src/base/bytes.cc", 1, "one machine", f'auto p = "{WORK}/main";\n')
        self.found("src/base/bytes.cc", 1, "temporary", f'auto p = "{TMP}south";\n')
        self.clean("README.md", "A frame" + WORK + " and net" + WORK + "s.\n")

    def test_dead_files(self):
        self.found("src/base/unused.h", 1, "reaches this file", "#pragma once\n")
        self.found("src/lost.cc", 1, "reaches this file", "int a;\n")
        self.found("apps/verify/other.cc", 1, "reaches this file", "int a;\n")
        self.found("tests/alone.py", 1, "nothing runs", "print(1)\n")
        self.found("tests/alone.sh", 1, "nothing runs", "echo 1\n")

    def test_a_dead_header_does_not_keep_another_alive(self):
        found = self.findings({"src/base/a.h": '#pragma once\n#include "base/b.h"\n',
                               "src/base/b.h": "#pragma once\n"})
        self.assertEqual([p for p, _, _ in found], ["src/base/a.h", "src/base/b.h"])

    def test_foreign_files_are_left_alone(self):
        self.clean("tests/vectors/noise/README.md", f"{UNDONE} [x](nowhere.md) {WORK}/x\n")

    def test_build_directories_are_left_alone(self):
        self.assertEqual(self.findings({"b/CMakeCache.txt": "", "b/x/lost.cc": UNDONE}), [])

    # --- documents ---

    def test_broken_link(self):
        self.found("README.md", 1, "leads nowhere", "[a](docs/nothing.md)\n")
        self.found("README.md", 1, "no heading", "[a](docs/threat-model.md#elsewhere)\n")
        self.found("README.md", 1, "leaves the project", "[a](../secret.md)\n")
        self.found("docs/index.md", 3, "leads nowhere", "# A\n\n![picture](layers.svg)\n")
        self.clean("README.md", "[a](docs/) [b](https://example.org/x) [c](#here)\n\n# Here\n")

    def test_threats(self):
        row = "# Threats\n\n| threat | stopped by | test |\n|---|---|---|\n| a | b | {} |\n"
        for cell, part in [("", "names no test"), ("by hand", "names no test"),
                           ("`src/crypto/gone_test.cc`", "no test of this tree"),
                           ("`Hash.Gone`", "no test of this tree"),
                           ("`Hash.Knows`, `Hash.Gone`", "Hash.Gone")]:
            with self.subTest(cell):
                self.found("docs/threat-model.md", 5, part, row.format(cell))
        self.found("docs/threat-model.md", 1, "no threat found", "# Threats\n")

    def test_missing_threat_model(self):
        found = self.findings({"docs/threat-model.md": None, "README.md": "A.\n"})
        self.assertEqual([p for p, _, _ in found], ["docs/threat-model.md"])


    def test_questions(self):
        path = "interop/QUESTIONS.md"
        table = "# Questions\n\n| # | question | answer |\n|---|---|---|\n| 7 | a | {} |\n"
        for cell in ("Open", "Open. Yes", "Open: the peer does", "Eight; the order is open",
                     "Again; how often stays open", ""):
            with self.subTest(cell):
                self.found(path, 5, "question 7 is open", table.format(cell))
        for cell in ("Eight: document 3", "Refused: it would open what nobody asked to open", "Opened by both"):
            with self.subTest(cell):
                self.clean(path, table.format(cell))
        self.found(path, 1, "no question found", "# Questions\n")


class Scrub(unittest.TestCase):
    def test_comments_and_strings_go_and_lines_stay(self):
        code = 'int a; // x "\n/* y\n " */ f("z // \\" q", \'"\', 1\'000); R"(raw " // )" end\n'
        clean = scrub(code)
        self.assertEqual(clean.count("\n"), code.count("\n"))
        for gone in "xyzq":
            self.assertNotIn(gone, clean.replace("raw", ""))
        self.assertIn("1'000", clean)
        self.assertIn("end", clean)


if __name__ == "__main__":
    unittest.main()
