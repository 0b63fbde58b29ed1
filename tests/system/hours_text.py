"""Hours of a line as an annex has them."""


def hours(time, zone, more="", holidays="[]"):
    """One call a day that south makes; `more` of it, or after it."""
    return f"""
[hours]
holidays = {holidays}
late_minutes = 5
unanswered_minutes = 30
presence_minutes = 10
on_watch = "post"

[[check_calls]]
time = "{time}"
zone = "{zone}"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
caller = "south"
{more}"""
