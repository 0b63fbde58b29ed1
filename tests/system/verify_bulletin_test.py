"""Two verifiers, one verdict, over extracts with bulletins: what a side revoked before, after, and against its own word."""

import base64
import random
import subprocess
import unittest

from made_record import OFFICER, PRINCIPAL, SIDES, STATION, TIME, World, public, sign1
from two_verifiers import PROGRAM, Files, interop_verify

import cbor  # noqa: E402 (interop/'s)

MADE_EXTRACTS = 60
ROLES = {3: (OFFICER, "liaison"), 4: (STATION, "main"), 5: (PRINCIPAL, "president"), 6: (STATION, "backup")}


class Bulletins(Files):
    def setUp(self):
        super().setUp()
        self.begin()

    def begin(self):
        """South's log of line 1 with four words; the file shows number 1 of them."""
        self.world = World()
        self.log = self.words(self.world.log("south"))
        self.extract = self.world.extract([self.log.item(1)])

    def words(self, log, count=4):
        for number in range(count):
            log.add(b"word %d" % number, officers=(1,))
        return log

    def arguments(self, extract, bulletins):
        roots = [f"--root={side}={base64.b64encode(public(self.world.roots[side])).decode()}" for side in SIDES]
        files = [f"--bulletin={self.path(data, f'bulletin-{at}')}" for at, data in enumerate(bulletins)]
        return ["extract", str(self.path(extract)), *roots, *files]

    def judge(self, *bulletins, extract=None):
        return self.as_typed(*self.arguments(extract or self.extract, bulletins))

    def expect(self, verdict, revocations, *bulletins, extract=None):
        """`revocations`: results of the station, then of the officers, of each item."""
        answer = self.judge(*bulletins, extract=extract)
        found = [check["result"] for item in answer["items"] for check in item["checks"] if check["check"] == "revocation"]
        self.assertEqual((answer["verdict"], found), (verdict, revocations.split()))
        return answer

    def revoke(self, *revocations, number=1, side="south", **more):
        return self.world.bulletin(side, number, revocations=[list(one) for one in revocations], **more)

    def at(self, size, line=1, log=None):
        return [line, *(log or self.log).position(size)]

    def test_before_and_after_the_last_valid_position(self):
        for size, result in ((1, "failed"), (2, "proved"), (4, "proved")):
            self.expect(result, f"{result} proved", self.revoke((2, self.at(size))))
            self.expect(result, f"proved {result}", self.revoke((1, self.at(size))))
        for lost in ([2, None], [2, self.at(4, line=0)], [2, [1, bytes(16), 4, bytes(32)]], [2, [1, self.log.epoch, 0, bytes(32)]]):
            self.expect("failed", "failed proved", self.revoke(lost))
        self.expect("proved", "proved proved", self.revoke((7, None)))
        self.expect("proved", "unchecked unchecked", self.revoke((2, None), side="north"))
        self.assertEqual(self.expect("proved", "")["revocation"], "unchecked")
        self.assertEqual(self.expect("proved", "proved proved", self.revoke())["revocation"], "checked")

    def test_what_ties_an_entry_to_a_position(self):
        seen, alone = (lambda size: self.world.extract([self.log.item(1, size)])), (lambda size: self.world.extract(
            [self.log.item(1, size, cosigner=None)]))
        other_root = [1, self.log.epoch, 4, bytes(32)]
        for result, extract, position in (("proved", seen(3), self.at(4)), ("failed", alone(3), self.at(4)),
                                          ("proved", alone(4), self.at(4)), ("proved", seen(4), self.at(2)),
                                          ("failed", seen(4), other_root), ("failed", alone(4), other_root),
                                          ("proved", seen(3), other_root), ("proved", seen(4), [1, self.log.epoch, 2**64 - 1, bytes(32)])):
            self.expect(result, f"{result} proved", self.revoke((2, position)), extract=extract)

    def test_earlier_epochs(self):
        """The first entry of an epoch names how much of the one before counts."""
        self.world.enrol("south", 6, STATION, "backup")

        def chain(named=lambda log: log.position(3), shown="whole", cosigner=2, kind=3, post="main", line=1, **fields):
            old = self.words(self.world.log("south"))
            new = self.world.log("south", line, post)
            new.add(named(old), k4=kind, **fields)
            self.words(new, 2)
            first = new.item(0, shown=shown, station=2 if post == "main" else 6, cosigner=cosigner)
            return [old.item(at) for at in (1, 3)] + [first], new

        for good, how in ((True, {}), (False, {"shown": "header"}), (False, {"cosigner": None}), (False, {"kind": 2}),
                          (False, {"post": "backup"}), (False, {"k16": None}), (False, {"k16": 2}),
                          (False, {"named": lambda log: cbor.encode(log.position(3)) + b"\0", "k16": 4}), (False, {"line": 0}),
                          (False, {"named": lambda log: None}), (False, {"named": lambda log: [bytes(16), 3, bytes(32)]})):
            items, new = chain(**how)
            answer = self.judge(self.revoke((2, self.at(3, log=new))), extract=self.world.extract(items))
            results = {(item["origin"] == new.origin, item["index"]): check["result"] for item in answer["items"]
                       for check in item["checks"] if check["check"] == "revocation" and check["number"] == 2}
            self.assertEqual(results[False, 1], "proved" if good else "failed", how)
            self.assertEqual(results[False, 3], "failed", how)

    def test_a_position_is_followed_through_every_epoch(self):
        """Each names the one before, 70 times."""
        old = self.words(self.world.log("south"))
        items, before = [old.item(1)], old
        for _ in range(70):
            new = self.world.log("south")
            new.add(before.position(len(before.leaves)), k4=3)
            items.append(new.item(0))
            before = new
        self.words(before, 2)
        self.expect("proved", " ".join(["proved"] * 72), self.revoke((2, self.at(2, log=before))), extract=self.world.extract(items))

    def test_each_number_is_revoked_by_itself(self):
        world = self.world
        world.enrol("south", 4, STATION, "main", keys=world.keys["south", 2])
        extract = world.extract([self.log.item(1, station=4)])
        self.expect("proved", "proved proved", self.revoke((2, None)), extract=extract)
        self.expect("failed", "failed proved", self.revoke((2, None), (4, None)), extract=extract)

    def test_the_hour_is_the_first_at_which_it_was_said(self):
        late, early = (self.revoke((2, self.at(4, line)), number=line + 1, issued=TIME + 10 * (2 - line)) for line in (0, 1))
        for order in ((late, early), (early, late)):
            answer = self.judge(*order)
            self.assertEqual([c.get("time") for c in answer["items"][0]["checks"] if c["check"] == "revocation"], [TIME + 10, None])

    def bulletins_that_fail(self, *bulletins):
        answer = self.judge(*bulletins)
        failed = [check for check in answer["credentials"] if check["check"] == "bulletin"]
        self.assertEqual(answer["verdict"], "failed" if failed else "proved", bulletins)
        return [check.get("side") for check in failed], answer["revocation"]

    def test_one_that_is_no_bulletin(self):
        world, root = self.world, self.world.roots["south"]
        position = self.at(4)
        for data in (b"", b"xx", self.revoke() + b"\0", world.credentials["south", 2], self.revoke(root=world.roots["north"]),
                     world.bulletin("north", 1, root=root), world.bulletin("east", 1, root=root),
                     sign1(root, b"credential", [1, "south", 1, TIME, [], []]), sign1(root, b"bulletin", [2, "south", 1, TIME, [], []]),
                     sign1(root, b"bulletin", [1, "south", 1, TIME, []]), sign1(root, b"bulletin", [1, "south", 1, TIME, [], [], 0]),
                     self.revoke(number=0), self.revoke(issued=1 << 32), self.revoke((0, None)), self.revoke((65536, None)),
                     self.revoke((2, position), (2, None)), self.revoke((2, None), (2, position)), self.revoke((3, None), (2, None)),
                     self.revoke((2, None), (2, None)), self.revoke((2, position), (2, self.at(4, 0))),
                     self.revoke((2, [65536, *position[1:]])), self.revoke((2, [1, bytes(15), 4, bytes(32)])),
                     self.revoke(*((number, None) for number in range(3, 260))),
                     world.bulletin("south", 1, [world.credentials["south", 2], world.credentials["south", 1]]),
                     world.bulletin("south", 1, [world.credentials["north", 1]]), world.bulletin("south", 1, [b"x"])):
            self.assertEqual(self.bulletins_that_fail(data), ([None], "unchecked"), data.hex())
        self.assertEqual(self.bulletins_that_fail(self.revoke(number=2**64 - 1)), ([], "checked"))
        self.assertEqual(self.bulletins_that_fail(self.revoke(*((number, None) for number in range(3, 259)))), ([], "checked"))

    def test_bulletins_that_contradict_each_other(self):
        world = self.world
        first = world.credentials["south", 1]
        other = {number: world.enrol("south", number, *use, keys=world.keys["south", 1], known=False)
                 for number, use in ((3, (OFFICER, "liaison")), (4, (PRINCIPAL, "duty-officer")), (5, (OFFICER, "duty-officer")))}
        changed = world.enrol("south", 1, OFFICER, "duty-officer", known=False)
        position, shorter = self.at(4), self.at(3)
        for pair in ([self.revoke((2, position)), self.revoke((2, position), issued=TIME + 1)],
                     [self.revoke((2, position)), self.revoke((2, None), number=2)],
                     [self.revoke((2, position)), self.revoke((2, shorter), number=2)],
                     [world.bulletin("south", 1, [first]), world.bulletin("south", 2, [changed])],
                     [world.bulletin("south", 1, [first]), world.bulletin("south", 2, [other[3]])],
                     [world.bulletin("south", 1, [other[4]]), world.bulletin("south", 2, [first])]):
            for order in (pair, pair[::-1]):
                self.assertEqual(self.bulletins_that_fail(*order), (["south"], "checked"))
        # One that contradicts itself counts as given, and nothing of it is taken.
        answer = self.judge(world.bulletin("south", 1, [first, other[3]], [[2, None]]))
        self.assertEqual([check["result"] for check in answer["items"][0]["checks"][-2:]], ["proved", "proved"])
        same = self.revoke((2, position))
        for fine in ([same, same], [world.bulletin("south", 1, [first]), world.bulletin("south", 2, [other[5]])],
                     [self.revoke((2, position)), self.revoke((2, position), number=2)], [world.bulletin("south", 1, [changed])]):
            self.assertEqual(self.bulletins_that_fail(*fine), ([], "checked"))

    def test_files_of_several(self):
        def file(side, *bulletins):
            return cbor.encode(["detente-bulletins/1", side, list(bulletins)])
        lost = self.revoke((2, None), number=2)
        self.expect("failed", "failed proved", file("south", self.revoke(), lost))
        self.expect("failed", "failed proved", file("north", lost))
        self.expect("proved", "proved proved", file("south", self.revoke(), self.revoke(side="north")))
        self.assertEqual(self.expect("proved", "", file("south"))["revocation"], "unchecked")
        self.assertEqual(self.bulletins_that_fail(file("south", self.revoke(), b"x", self.revoke(number=2))), ([None], "checked"))
        for wrong in (file("south", self.revoke()) + b"\0", b"\x80", file("South"), cbor.encode(["detente-bulletins/2", "south", []]),
                      cbor.encode(["detente-bulletins/1", "south", [1]]), file("south", *[b""] * 4097)):
            arguments = self.arguments(self.extract, [wrong])
            self.assertEqual(subprocess.run([PROGRAM, *arguments], capture_output=True, timeout=60).returncode, 2)
            with self.assertRaises(interop_verify.Malformed):
                interop_verify.run(interop_verify.parse_arguments(arguments))

    def test_made_extracts(self):
        verdicts, results = {}, {}
        for seed in range(MADE_EXTRACTS):
            made = Made(seed)
            self.world = made.world
            with self.subTest(seed=seed):
                answer = self.judge(*made.bulletins, extract=made.extract)
                verdicts[answer["verdict"]] = verdicts.get(answer["verdict"], 0) + 1
                for check in (check for item in answer["items"] for check in item["checks"]):
                    if check["check"] == "revocation":
                        results[check["result"]] = results.get(check["result"], 0) + 1
        print(f"made extracts with bulletins: {verdicts}, revocation {results}, both agree on each")
        self.assertGreater(min(results.get(result, 0) for result in ("proved", "failed", "unchecked")), MADE_EXTRACTS // 4)


class Made:
    """An extract and bulletins by chance: several epochs, numbers and posts, some of it wrong."""

    def __init__(self, seed):
        self.chance, self.world = random.Random(seed), World(seed)
        for side in SIDES:
            for number, (role, post) in ROLES.items():
                if self.chance.random() < 0.3:
                    renewal = number == 4 and self.chance.random() < 0.5
                    self.world.enrol(side, number, role, post, keys=self.world.keys[side, 2] if renewal else None)
        self.logs = []
        for side in SIDES:
            for line in (0, 1, 2):
                if self.chance.random() < 0.6 or not self.logs:
                    self.epochs(side, line)
        self.extract = self.world.extract([item for log in self.logs for item in self.items(log)] or [self.logs[0].item(0)])
        self.bulletins = [self.bulletin(side, number) for side in SIDES for number in (1, 2) if self.chance.random() < 0.6]
        self.chance.shuffle(self.bulletins)

    def numbers(self, side, *of):
        return [number for of_side, number in self.world.keys if of_side == side and number in of]

    def epochs(self, side, line):
        before = None
        for _ in range(self.chance.randrange(1, 4)):
            log = self.world.log(side, line, self.chance.choice(["main"] * 9 + ["backup"]))
            if before:
                named = before.position(self.chance.randrange(1, len(before.leaves) + 1))
                if self.chance.random() < 0.1:
                    named[self.chance.randrange(3)] = self.chance.choice([bytes(16), bytes(32), 0, 5])
                log.add(named, k4=3)
            officers = self.numbers(side, 1, 3, 5)
            for _ in range(self.chance.randrange(1, 4)):
                several = self.chance.randrange(min(2, len(officers)) + 1) if line != 2 else 0
                log.add(b"word", officers=tuple(self.chance.sample(officers, several)))
            self.logs.append(log)
            before = log

    def items(self, log):
        other = SIDES[1 - SIDES.index(log.side)]
        for index in range(len(log.leaves)):
            if self.chance.random() < (0.8 if index == 0 else 0.5):
                true = self.chance.random() < 0.95
                station = None if log.line == 2 else 2 if true else self.chance.choice(self.numbers(log.side, 2, 4, 6))
                yield log.item(index, self.chance.randrange(index + 1, len(log.leaves) + 1),
                               self.chance.choice(["whole", "whole", "whole", "header", "leaf"]), station,
                               self.chance.choice([2, 2, 2, None]) if true else self.chance.choice(self.numbers(other, 2, 4, 6)))

    def bulletin(self, side, number):
        revocations = {}
        for credential in range(1, 8):
            if self.chance.random() < 0.3:
                lines = self.chance.sample([0, 1, 2], self.chance.randrange(3))
                revocations.update({(credential, line): [credential, self.position(side, line)] for line in lines})
                if not lines:
                    revocations[credential, -1] = [credential, None]
        credentials = [data for (of, _), data in sorted(self.world.credentials.items()) if of == side and self.chance.random() < 0.3]
        return self.world.bulletin(side, number, credentials, [revocations[key] for key in sorted(revocations)],
                                   issued=TIME + self.chance.randrange(1000))

    def position(self, side, line):
        logs = [log for log in self.logs if (log.side, log.line) == (side, line)] or self.logs
        log = self.chance.choice(logs)
        epoch, size, root = log.position(self.chance.randrange(1, len(log.leaves) + 1))
        wrong = self.chance.random()
        return [line, bytes(16) if wrong < 0.05 else epoch, self.chance.choice([0, 1, 100]) if wrong > 0.95 else size,
                bytes(32) if 0.1 < wrong < 0.2 else root]


if __name__ == "__main__":
    unittest.main(verbosity=2)
