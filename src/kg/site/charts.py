"""Charts of answers, worked out as shares of a width; `charts.html.j2` draws them.

Texts of a chart are words of the page, not of a picture, so that they wrap on a small screen.
"""

from dataclasses import dataclass
from datetime import date

from kg.site.answers import Answer, Field
from kg.site.dates import days

_SHADES = 5
_MOST_TICKS = 7


@dataclass(frozen=True)
class Bars:
    """Horizontal bars: for each thing and measure the number, and its share of the largest."""

    measures: tuple[str, ...]
    lines: tuple[tuple[str, tuple[tuple[str, float], ...]], ...]
    form: str = "bars"


@dataclass(frozen=True)
class Square:
    """What stands where a row and a column of a matrix meet: a number, and how dark it is.

    `row` is the row of the answer that lists the claims behind it, from 1; 0 where there are none.
    """

    text: str
    shade: int
    row: int


@dataclass(frozen=True)
class Matrix:
    """The answer turned: one kind of thing down, another across, a number where they meet."""

    measure: str
    corner: str
    across: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Square | None, ...]], ...]
    form: str = "matrix"


@dataclass(frozen=True)
class Span:
    """When something was, as shares of the width; an end that is not known is open."""

    label: str
    when: str
    start: float
    end: float
    open_start: bool = False
    open_end: bool = False


@dataclass(frozen=True)
class Timeline:
    """Things in order of time, above the years."""

    ticks: tuple[tuple[str, float], ...]
    spans: tuple[Span, ...]
    form: str = "timeline"


Chart = Bars | Matrix | Timeline


def chart(view: str, answer: Answer) -> Chart | None:
    """Draw an answer as its query would have it seen, where that tells more than the table.

    Args:
        view: the `view` of the query.
        answer: what to draw.

    Example:
        >>> chart("bar", Answer((), (), (), False)) is None
        True
    """
    if len(answer.rows) < 2:
        return None
    match view:
        case "bar":
            return _bars(answer)
        case "matrix":
            return _matrix(answer)
        case "timeline":
            return _timeline(answer)
    return None


def _bars(answer: Answer) -> Bars | None:
    numbers = [at for at, column in enumerate(answer.columns) if column.kind == "number"]
    values = [[row.fields[at].text for at in numbers] for row in answer.rows]
    largest = max((float(text or 0) for row in values for text in row), default=0)
    if largest <= 0:
        return None
    return Bars(
        tuple(answer.columns[at].heading for at in numbers),
        tuple(
            (
                row.fields[0].text,
                tuple((t, _share(max(float(t or 0), 0), 0, largest)) for t in texts),
            )
            for row, texts in zip(answer.rows, values, strict=True)
        ),
    )


def _matrix(answer: Answer) -> Matrix | None:
    texts = [at for at, column in enumerate(answer.columns) if column.kind == "text"]
    number = next((at for at, c in enumerate(answer.columns) if c.kind == "number"), None)
    if len(texts) < 2 or number is None:
        return None
    down, across = texts[:2]
    largest = max(float(row.fields[number].text or 0) for row in answer.rows) or 1
    squares = {}
    for at, row in enumerate(answer.rows, start=1):
        text = row.fields[number].text
        shade = max(0, round(_SHADES * float(text or 0) / largest))
        squares[row.fields[down].text, row.fields[across].text] = Square(
            text, shade, at if row.claims else 0
        )
    # In the order of the names, so that a row is found.
    heads = sorted({pair[1] for pair in squares}, key=str.casefold)
    sides = sorted({pair[0] for pair in squares}, key=str.casefold)
    return Matrix(
        answer.columns[number].heading,
        answer.columns[down].heading,
        tuple(heads),
        tuple((side, tuple(squares.get((side, head)) for head in heads)) for side in sides),
    )


def _timeline(answer: Answer) -> Timeline | None:
    dates = [at for at, column in enumerate(answer.columns) if column.kind == "date"]
    if not dates:
        return None
    begins, ends = dates[0], dates[1] if len(dates) > 1 else None
    a_period = answer.columns[begins].name.endswith("From")
    found: dict[tuple[str, str], tuple[Field, Field]] = {}
    for row in answer.rows:
        begin, end = row.fields[begins], row.fields[ends] if ends else Field("")
        label = row.fields[0].text
        if answer.columns[1].kind == "text" and answer.columns[1].name == "successorLabel":
            label = f"{label} → {row.fields[1].text}"
        known = [field.order for field in (begin, end) if field.order]
        # One that is no date cannot be placed; it is for `kg validate` to report.
        if known and all(map(days, known)):
            found[label, known[0]] = (begin, end)
    placed = [both for pair in found.values() for field in pair if (both := days(field.order))]
    if len({first for first, _ in placed}) < 2:
        return None
    first = min(day for day, _ in placed).year
    last = max(day for _, day in placed).year + 1
    left, right = date(first, 1, 1).toordinal(), date(last, 1, 1).toordinal()
    step = -(-(last - first) // _MOST_TICKS)
    spans = []
    for (label, _), (begin, end) in sorted(found.items(), key=lambda item: item[0][1]):
        low, high = _ordinals(begin.order) or (left, left)
        if ending := _ordinals(end.order):
            high = ending[1]
        elif a_period:
            high = right
        spans.append(
            Span(
                label,
                _when(begin.text, end.text, a_period),
                _share(low, left, right),
                _share(high, left, right),
                open_start=not begin.order,
                open_end=a_period and not end.order,
            )
        )
    return Timeline(
        tuple(
            (str(year), _share(date(year, 1, 1).toordinal(), left, right))
            for year in range(first, last + 1, step)
        ),
        tuple(spans),
    )


def _when(begin: str, end: str, a_period: bool) -> str:
    if begin and end:
        return f"{begin} to {end}"
    if end:
        return f"Until {end}"
    return f"From {begin}" if a_period else begin


def _ordinals(text: str) -> tuple[int, int] | None:
    return (known[0].toordinal(), known[1].toordinal()) if (known := days(text)) else None


def _share(value: float, low: float, high: float) -> float:
    return round(100 * (value - low) / (high - low), 2)
