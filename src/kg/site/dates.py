"""Dates that are as precise as they are known: how they read, and which days they may mean."""

import re
from calendar import month_name, monthrange
from datetime import date

# A year, a month or a day of XML Schema; hours and a time zone behind it say nothing of policy.
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T[^Z+-]*)?)?)?(?:Z|[+-]\d\d:\d\d)?")


def spoken(text: str) -> str:
    """Write a date as people say it, no more precisely than it is known.

    Args:
        text: a date, month or year of XML Schema.

    Returns:
        The date in words; what is no such date, as it stands.

    Example:
        >>> [spoken(text) for text in ("2009-03-12T09:30:00Z", "2009-03-12", "2009-03", "2009")]
        ['12 March 2009', '12 March 2009', 'March 2009', '2009']
    """
    if not (known := days(text)):
        return text
    first, last = known
    if first == last:
        return f"{first.day} {month_name[first.month]} {first.year}"
    return f"{month_name[first.month]} {first.year}" if first.month == last.month else text[:4]


def days(text: str) -> tuple[date, date] | None:
    """Give the first and the last day that a date may mean.

    Args:
        text: a date, month or year of XML Schema.

    Returns:
        The two days, the same for a date that is known to the day; nothing for what is no date.

    Example:
        >>> [day.isoformat() for day in days("2009-02")]
        ['2009-02-01', '2009-02-28']
        >>> days("spring")
    """
    if not (parts := _DATE.fullmatch(text)):
        return None
    year, month, day = (int(part) if part else 0 for part in parts.groups())
    try:
        last_month = month or 12
        return (
            date(year, month or 1, day or 1),
            date(year, last_month, day or monthrange(year, last_month)[1]),
        )
    except ValueError:
        return None


def before(first: str, second: str) -> bool | None:
    """Say whether one date is before another.

    Args:
        first: a date, month or year of XML Schema.
        second: another.

    Returns:
        Whether it is; nothing where it cannot be told, since the days that they may mean overlap.

    Example:
        >>> [before(text, "2009-03-12") for text in ("2008", "2009-03", "2009-03-12", "2010")]
        [True, None, False, False]
    """
    one, other = days(first), days(second)
    if not one or not other:
        return None
    if one[1] < other[0]:
        return True
    return False if one[0] >= other[1] else None


def when(text: str) -> str:
    """Write a date as it stands in a sentence.

    Args:
        text: a date, month or year of XML Schema.

    Example:
        >>> when("2009-03-12"), when("2009-03")
        ('on 12 March 2009', 'in March 2009')
    """
    known = days(text)
    return f"{'on' if known and known[0] == known[1] else 'in'} {spoken(text)}"
