"""The judge's evidence as lines for a person."""

import time


def _short(digest):
    return digest[:12] + "…"


def _clock(seconds):
    return time.strftime("%H:%M:%SZ", time.gmtime(seconds))


def _hour(seconds):
    return time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(seconds))


def _log(log):
    roots = {log[f"root_at_{name}"] for name in ("south", "north")}
    return (f"log of {log['author']} on {log['line']}: size {log['size']}, root "
            f"{_short(min(roots))} at both, epoch {_short(log['epoch'])}")


def _entry(entry):
    text = f"entry {entry['index']}, {entry['precedence']}, leaf {_short(entry['leaf'])}"
    if "signed_by" in entry:
        text += f", signed by {entry['signed_by']}"
    return text


def _receipt(receipt):
    return (f"receipt: {receipt['by']} signed {receipt['size']} "
            f"{'entry' if receipt['size'] == 1 else 'entries'} at {_clock(receipt['time'])}")


def _lines(count):
    return f"{count} {'line' if count == 1 else 'lines'}"


def _call(call):
    yield f"check call of {call['date']} on {call['line']}: {call['state']} in both records"
    yield f"  called by {call['called_by']}, answered by {call['answered_by']}"


def _cut(cut):
    yield f"cut of {_lines(len(cut['lines']))}, in both records: signed {_hour(cut['signed_at'])} by {cut['by']}"
    yield f"  in force since {_hour(cut['since'])}, by both clocks"


def _agreement(agreement):
    yield f"restoration of {_lines(len(agreement['lines']))}, agreed for {_hour(agreement['instant'])}"
    yield f"  proposed by {agreement['proposed_by']}, accepted by {agreement['accepted_by']}"


def _announcement(announcement):
    yield f"\"{announcement['core']}\", agreed for {_hour(announcement['instant'])}"
    for name, released in announcement["released"].items():
        bounds = announcement["clocks"][name]
        yield (f"  {name} released at {_clock(released)} by its own clock; the other's less its own: between "
               f"{bounds['low_ms']:+} and {bounds['high_ms']:+} ms")
    yield "  both published files verify with both cards, offline"


def _story(evidence):
    """What a chapter of the story shows."""
    if "missed" in evidence:
        missed = evidence["missed"]
        yield f"check call of {missed['date']} on {missed['line']}, in both records:"
        yield from (f"  {label}: {words}" for label, words in missed["states"].items())
    for call in evidence.get("calls", []):
        yield from _call(call)
    for cut in [evidence[key] for key in ("cut", "cut_of_liaison") if key in evidence]:
        yield from _cut(cut)
    if "lost" in evidence:
        lost = evidence["lost"]
        yield f"{lost['station']} is declared lost, told {_hour(lost['told_at'])} in both main records"
        yield "  what it wrote before counts; what its keys still send is not taken"
    if "letters" in evidence:
        yield f"{len(evidence['letters'])} letters in both records, signed by the principals, by {evidence['files']} files"
    if "silence" in evidence:
        silence = evidence["silence"]
        yield f"{silence['days']} days; check calls in the cut, by both calendars, and one alarm a line:"
        for line, counts in silence["calls_in_the_cut"].items():
            yield f"  {line}: {counts['south']} by south's, {counts['north']} by north's"
    for name, digest in evidence.get("mandates", {}).items():
        yield f"{name}'s act is by mandate {_short(digest)} of its principal, valid in both records"
    if "agreement" in evidence:
        yield from _agreement(evidence["agreement"])
    if "came_back" in evidence:
        yield f"of what the lost station held, {evidence['came_back']} entries came back from the other side"
    if "announcement" in evidence:
        yield from _announcement(evidence["announcement"])
    for name, report in evidence.get("reports", {}).items():
        paths = [part for part in report if part.startswith("path ")]
        yield f"{name}'s report, in both records: {report[0].split(': ')[-1]}; {'; '.join(paths)}"


def lines(evidence):
    """The facts that matter to a reader; the report has all of them."""
    if "accord" in evidence:
        yield f"one accord: {_short(evidence['accord'])} at both"
    yield from _story(evidence)
    if "log" in evidence:
        yield _log(evidence["log"])
    single = [evidence[key] for key in ("entry", "acknowledgement") if key in evidence]
    for entry in evidence.get("entries", single):
        yield _entry(entry)
        if "receipt" in entry:
            yield "  " + _receipt(entry["receipt"])
    if "receipt" in evidence:
        yield "  " + _receipt(evidence["receipt"])
    if evidence.get("policy") == "deniable":
        yield "  no signature on it, on its log or on its receipt, at either side"
    if "north_started_again" in evidence:
        entry = evidence["entry"]
        yield (f"  written {_clock(entry['written'])}; north runs again since "
               f"{_clock(evidence['north_started_again'])}; on its disk {_clock(entry['stored_far'])}")
