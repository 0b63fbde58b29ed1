"""The judge's evidence as lines for a person."""

import time


def _short(digest):
    return digest[:12] + "…"


def _clock(seconds):
    return time.strftime("%H:%M:%SZ", time.gmtime(seconds))


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


def lines(evidence):
    """The facts that matter to a reader; the report has all of them."""
    if "accord" in evidence:
        yield f"one accord: {_short(evidence['accord'])} at both"
    if "call" in evidence:
        call = evidence["call"]
        yield f"check call of {call['date']} on {call['line']}: {call['state']} in both records"
        yield f"  called by {call['called_by']}, answered by {call['answered_by']}"
    if "cut" in evidence:
        cut = evidence["cut"]
        yield f"cut of {len(cut['lines'])} lines, in both records: signed {_clock(cut['signed_at'])} by {cut['by']}"
        yield f"  in force since {_clock(cut['since'])}, by both clocks"
    if "agreement" in evidence:
        agreement = evidence["agreement"]
        yield f"restoration of {len(agreement['lines'])} lines, agreed for {_clock(agreement['instant'])}"
        yield f"  proposed by {agreement['proposed_by']}, accepted by {agreement['accepted_by']}"
        yield f"  reports of both: {len(evidence['reports'])}, each with every line open"
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
