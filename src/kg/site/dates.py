"""Dates as people write them, no more precise than they are known."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def in_words(date: str) -> str:
    """Write a year, month or day.

    Example:
        >>> in_words("2009-03-12"), in_words("2009-03"), in_words("2009")
        ('12 March 2009', 'March 2009', '2009')
    """
    year, month, day = (*date.split("-"), "", "")[:3]
    name = MONTHS[int(month) - 1] if month else ""
    return " ".join(filter(None, [day.lstrip("0"), name, year]))


def when(date: str) -> str:
    """Write a year, month or day as it stands in a sentence.

    Example:
        >>> when("2009-03-12"), when("2009-03")
        ('on 12 March 2009', 'in March 2009')
    """
    return f"{'on' if date.count('-') == 2 else 'in'} {in_words(date)}"
