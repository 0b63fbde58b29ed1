"""A counterpart that moved: it is followed, and shown with what lets it survive a new start; and both ends with old addresses."""

import os
import unittest

import outcome
from disks import can_mount
from stations import Lab, free_ports, wait_until

WEST = "military-west"


class Moved(unittest.TestCase):
    """The other side's station has another address now, and only its own configuration says so."""

    def test_a_counterpart_that_moved_is_heard_and_answered(self):
        made = self.lab()
        south, north = made["south"], made["north"]
        # Without a relay the gap's ports lead nowhere: both are pointed at each other first.
        for station, other in ((south, north), (north, south)):
            listen, to = station.ends(other.name)[0]
            self.rewrite(station, to, other.ends(station.name)[0][0])
        made.start("south", "north")
        south.wait_link("north")
        south.cli("send", WEST, "where you were")
        north.stop()
        old = north.ends("south")[0][0]
        self.rewrite(north, old, f"127.0.0.1:{free_ports(1)[0]}")
        north.start()
        north.wait_link("south")
        self.assertEqual(north.cli("send", WEST, "from the new place")["state"], "receipted")
        self.assertEqual(south.cli("send", WEST, "found you")["state"], "receipted")
        # Where it is heard stands beside where it is configured, with the command that enters it.
        new = north.ends("south")[0][0]
        path = south.cli("paths")["counterparts"][0]["paths"][0]
        self.assertEqual((path["peer"], path["heard_from"]), (old, new))
        self.assertEqual(south.status_of("north")["paths"][0]["heard_from"], new)
        shown = south.shown("paths")
        self.assertIn(f"follows it to {new}; configured {old}", shown)
        self.assertIn(f"detente station path north {path['name']} --to {new}", shown)
        told = wait_until(lambda: [line for line in south.stderr().splitlines() if new in line], "the log to say so")
        self.assertEqual(len(told), 1, told)
        self.assertIn(f"detente station path north {path['name']} --to {new}", told[0])
        # As advised, it survives a new start.
        south.cli("station", "path", "north", path["name"], "--to", new)
        south.stop()
        south.start()
        south.wait_link("north")
        self.assertIsNone(south.cli("paths")["counterparts"][0]["paths"][0]["heard_from"])
        self.assertNotIn("MOVED", south.shown("paths"))

    def test_where_both_have_old_addresses_that_is_named_as_a_cause(self):
        made = self.lab()
        south, north = made["south"], made["north"]
        nobody = free_ports(1)[0]
        name = south.config()["counterparts"][0]["paths"][0]["name"]
        south.cli("station", "path", "north", name, "--to", f"127.0.0.1:{nobody}")
        south.start()
        wait_until(lambda: south.line_of("north", WEST)["situation"] == "far-machine-off", "the hint", 60)
        found = south.line_of("north", WEST)
        self.assertIn("has another address by now", found["words"])
        self.assertIn(f"for {name} this station has 127.0.0.1:{nobody}", found["to_do"])
        self.assertIn(f"detente station path north {name} --to ADDRESS:PORT", found["to_do"])

    @unittest.skipUnless(can_mount(), "needs root, for names of one station's own")
    def test_a_name_that_leads_nowhere_yet_keeps_no_station_down(self):
        made = self.lab()
        south, north = made["south"], made["north"]
        path = south.config()["counterparts"][0]["paths"][0]["name"]
        _, port = north.ends("south")[0][0].rsplit(":", 1)
        south.cli("station", "path", "north", path, "--to", f"north.example:{port}")
        names = {"hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files\n"}
        for name, text in names.items():
            with open(os.path.join(made.dir, name), "w", encoding="utf-8") as file:
                file.write(text)
        mounts = " && ".join(f"mount --bind {os.path.join(made.dir, name)} /etc/{name}" for name in names)
        south.within = ["unshare", "--mount", "sh", "-c", mounts + ' && exec "$@"', "sh"]
        made.start("south", "north")  # north's way to south leads into the gap: it cannot say itself where it is
        self.assertEqual(south.cli("send", WEST, "kept until there is a way")["state"], "queued")
        self.assertIn("the name north.example leads to no address", south.shown("paths"))
        self.assertIn("north.example", str(south.line_of("north", WEST)))
        with open(os.path.join(made.dir, "hosts"), "a", encoding="utf-8") as file:
            file.write("127.0.0.1 north.example\n")
        south.wait_link("north")
        wait_until(lambda: north.texts("south", WEST) == ["kept until there is a way"], "the text")
        self.assertNotIn("leads to no address", south.shown("paths"))

    def lab(self):
        made = Lab("--lines", WEST, "--gap", "--work-factor", "10")
        self.addCleanup(made.close)
        return made

    def rewrite(self, station, old, new):
        place = station.path("station", "station.toml")
        with open(place, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(place, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))


if __name__ == "__main__":
    outcome.main()
