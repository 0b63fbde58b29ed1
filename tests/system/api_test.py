"""The API against spec/api.md where programs of this machine are in error: what they ask for, and how slowly."""

import socket
import time
import unittest

from stations import Lab, detente, wait_until

WEST = "military-west"
CONNECTIONS = 64  # spec/api.md section 1


class Bounds(unittest.TestCase):
    def setUp(self):
        self.lab = Lab("--lines", WEST)
        self.addCleanup(self.lab.close)
        self.south = self.lab["south"].start()

    def raw(self, sent):
        """Status and seconds until the station closes, of what is sent."""
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(30)
            one.connect(self.south.path("station", "api.sock"))
            began = time.monotonic()
            one.sendall(sent)
            got = b""
            while data := one.recv(65536):
                got += data
            return int(got.split()[1]) if got else None, time.monotonic() - began

    def test_a_request_that_does_not_go_on_ends_after_ten_seconds(self):
        for part in (b"GET /v1/sta", b"GET /v1/status HTTP/1.1\r\nHost: sta", b""):
            status, took = self.raw(part)
            self.assertIsNone(status)
            self.assertTrue(8 < took < 20, (part, took))

    def test_whoever_finds_no_room_is_told_that_the_station_runs(self):
        held = [socket.socket(socket.AF_UNIX) for _ in range(CONNECTIONS + 6)]
        try:
            for one in held:
                one.connect(self.south.path("station", "api.sock"))
                one.sendall(b"GET /v1/sta")
            for command in (("status",), ("send", WEST, "words")):
                code, answer = detente(*command, "--dir", self.south.dir)
                self.assertEqual((code, answer["error"]["fault"]), (1, "limit"), answer)
                self.assertIn("the station runs", answer["error"]["message"])
                self.assertNotIn("situation", answer)
            wait_until(lambda: detente("status", "--dir", self.south.dir)[0] == 0, "room again")
        finally:
            for one in held:
                one.close()

    def refused(self, method, target, text):
        body = text.encode()
        status, answer = self.south.ask_bytes(method, target, body, "application/json")
        self.assertEqual((status, answer["error"]["fault"]), (400, "malformed"), answer)
        return answer["error"]["message"]

    def test_unknown_members_and_bodies_that_are_no_objects(self):
        for target in ("/v1/snapshot", "/v1/stop"):
            self.assertIn("not known here", self.refused("POST", target, '{"x": 1}'))
            self.assertIn("not a JSON object", self.refused("POST", target, "[]"))
            self.refused("POST", target, "")
        self.assertEqual(self.south.get("/v1/snapshot")["state"], "none")

    def test_a_member_that_is_there_twice(self):
        entries = f"/v1/counterparts/north/lines/{WEST}/entries"
        self.assertIn("twice", self.refused("POST", entries, '{"text": "do not", "text": "do"}'))
        self.assertIn("twice", self.refused("POST", entries, '{"messages": [{"text": "a"}, {"text": "b", "text": "c"}]}'))
        self.assertEqual(self.south.entries("north", WEST, "own"), [])
        self.assertEqual(self.south.line_of("north", WEST)["queued"], 0)

    def test_a_text_that_shows_nothing(self):
        entries = f"/v1/counterparts/north/lines/{WEST}/entries"
        for text in ("   ", "\\u200b", "\\u3164 \\u200d"):
            self.assertIn("nobody sees", self.refused("POST", entries, f'{{"text": "{text}"}}'))
        self.assertEqual(self.south.entries("north", WEST, "own"), [])

    def test_a_list_of_nothing(self):
        status, answer = self.south.ask("GET", f"/v1/counterparts/north/lines/{WEST}/entries?limit=0")
        self.assertEqual((status, answer["error"]["fault"]), (400, "malformed"))


if __name__ == "__main__":
    unittest.main()
