"""How a thing is cited: as a footnote, in BibTeX and in RIS; what is unknown is left out."""

import re
from calendar import month_abbr
from dataclasses import dataclass

_MORE = "et al."  # stands in a list of authors for those whom nobody named
# A brace would count for BibTeX even behind a backslash, so that it is written by its name.
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{char: f"\\{char}" for char in "&%$#_"},
    }
)
# Two of these become one sign in LaTeX, such as a dash of two hyphens.
_LIGATURE = re.compile(r"(?<=([-'`,<>]))(?=\1)|(?<=[!?])(?=`)")


@dataclass(frozen=True)
class Reference:
    """What is known of a thing that is cited; the rest is empty.

    `authors` are written "Family, Given", or as the name of a body; a work without any is cited
    under its publisher. `issued` is a year, month or day. `within` says of what it is a part.
    """

    key: str
    authors: tuple[str, ...] = ()
    title: str = ""
    issued: str = ""
    publisher: str = ""
    kind: str = ""
    number: str = ""
    isbn: str = ""
    within: str = ""
    address: str = ""
    note: str = ""

    @property
    def is_report(self) -> bool:
        """Whether enough is known to call it a report: what kind, its title, and who issued it."""
        return bool(self.kind and self.title and self.publisher)


def footnote(reference: Reference) -> str:
    """Write a reference as a line of text.

    Example:
        >>> footnote(Reference("a", ("Munro, Eileen",), "A Systems Analysis", "2010-10", "DfE"))
        'Munro, Eileen (2010). A Systems Analysis. DfE.'
        >>> footnote(Reference("b", ("Holmes", "et al."), issued="2010", note="[No title.]"))
        'Holmes et al. (2010). [No title.]'
    """
    named = [name for name in reference.authors if name != _MORE] or [reference.publisher]
    by = " and ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named)
    more = f" {_MORE}" if _MORE in reference.authors else ""
    year = f"({reference.issued[:4]})" if reference.issued else ""
    parts = [
        f"{by}{more} {year}".strip(),
        reference.title,
        reference.within,
        reference.publisher if reference.publisher != by else "",
        reference.number,
        f"ISBN {reference.isbn}" if reference.isbn else "",
    ]
    ended = [part if part[-1] in ".?!" else f"{part}." for part in map(_line, parts) if part]
    return " ".join(filter(None, [*ended, reference.address, _line(reference.note)]))


def bibtex(reference: Reference) -> str:
    r"""Write a reference as an entry of BibTeX.

    Example:
        >>> print(bibtex(Reference("x-2009", ("Fish & Co",), issued="2009-05")), end="")
        @misc{x-2009,
          author = {{Fish \& Co}},
          year = {2009},
          month = may,
        }
    """
    authors = " and ".join(map(_bibtex_name, reference.authors))
    # Two braces keep a name whole, and the capitals of a title as they are.
    fields = {
        "author": authors or (f"{{{_latex(reference.publisher)}}}" if reference.publisher else ""),
        "title": f"{{{_latex(reference.title)}}}" if reference.title else "",
        "type": _latex(reference.kind) if reference.is_report else "",
        "institution": _latex(reference.publisher) if reference.is_report else "",
        "howpublished": "" if reference.is_report else _latex(_made_by(reference)),
        "number": _latex(reference.number),
        "year": reference.issued[:4],
        "month": month_abbr[int(month)].lower() if (month := reference.issued[5:7]) else "",
        "isbn": reference.isbn,
        "url": reference.address,  # verbatim, as the packages that print addresses want it
        "note": _latex(reference.note),
    }
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'},\n"  # months have no braces
        for name, value in fields.items()
        if value
    ]
    key = re.sub(r"[^A-Za-z0-9.:+-]", "-", reference.key)
    return f"@{'techreport' if reference.is_report else 'misc'}{{{key},\n{''.join(lines)}}}\n"


def ris(reference: Reference) -> str:
    r"""Write a reference as a record of RIS, whose lines end as on Windows.

    Example:
        >>> ris(Reference("x-2009", ("Fish",), issued="2009-05"))
        'TY  - GEN\r\nID  - x-2009\r\nAU  - Fish\r\nPY  - 2009\r\nDA  - 2009/05//\r\nER  - \r\n'
    """
    year, month, day = (*reference.issued.split("-"), "", "")[:3]
    named = [name for name in reference.authors if name != _MORE]
    notes = ["There are further authors."] if _MORE in reference.authors else []
    fields = [
        ("TY", "DATA" if reference.within else "RPRT" if reference.is_report else "GEN"),
        ("ID", reference.key),
        *(("AU", name) for name in named or [reference.publisher]),
        ("TI", reference.title),
        ("T2", reference.within),
        ("PY", year),
        ("DA", f"{year}/{month}/{day}/" if month else ""),
        ("PB", reference.publisher),
        ("M3", reference.kind),
        ("M1", reference.number),
        ("SN", reference.isbn),
        ("UR", reference.address),
        *(("N1", note) for note in [*notes, reference.note]),
    ]
    lines = [f"{tag}  - {_line(value)}\r\n" for tag, value in fields if value]
    return "".join([*lines, "ER  - \r\n"])


def _line(text: str) -> str:
    return " ".join(text.split())


def _latex(text: str) -> str:
    return _LIGATURE.sub("{}", _line(text).translate(_LATEX))


def _made_by(reference: Reference) -> str:
    return reference.within or (reference.publisher if reference.authors else "")


def _bibtex_name(name: str) -> str:
    if name == _MORE:
        return "others"
    one_word = " " not in name
    parted = name.count(",") == 1 and " and " not in name
    return _latex(name) if one_word or parted else f"{{{_latex(name)}}}"
