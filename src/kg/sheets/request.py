"""What is asked of an import: for which review it is, and what is refused before rows are read."""

import re
from collections.abc import Iterator, Sequence

from kg.anchors import ReferenceText
from kg.errors import KgError, UnknownName, UnreadableFile
from kg.sheets.layout import layout
from kg.sheets.reading import Book, Mistake
from kg.sheets.records import Called
from kg.sheets.writing import vocabulary_hash
from kg.terms import nearest_of


def check_id(review: str, known: Sequence[str]) -> None:
    """Refuse what can be no id of a review.

    Raises:
        UnknownName: it can be none; the error proposes the nearest that there is.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", review):
        example = nearest_of(review, known) or "martin-2010"
        what = f"{review!r} is no id of a review" if review else "it is not said which review it is"
        fix = f"name it in lower-case letters, digits and hyphens: --review ID, such as {example}"
        raise UnknownName(what, where="--review", fix=fix)


def review_of(book: Book, review: str, known: Sequence[str]) -> str:
    """Say which review a workbook is for: as asked, or as the workbook says.

    Args:
        book: the workbook as read.
        review: the id that is asked for, or nothing.
        known: the reviews that there are.

    Raises:
        UnknownName: it is not said, or the workbook says otherwise.
    """
    told = book.meta.get("review", "")
    if review and told and told != review:
        what = f"the workbook is for the review {told}, not for {review}"
        fix = f"leave out --review, or take a workbook of {review}"
        raise UnknownName(what, where="--review", fix=fix)
    review = review or told or _guess(book)
    check_id(review, known)
    return review


def check_request(book: Book, text: ReferenceText | None, *, delete: bool) -> None:
    """Refuse to delete by an empty workbook, and to count in a text that fits no other copy.

    Raises:
        UnreadableFile: the text has Windows line ends.
        KgError: everything would be taken away.
    """
    if text and "\r" in text.text:
        raise UnreadableFile(
            "the text has Windows line ends (CRLF), so that places in it fit no other copy",
            where="--text",
            fix="save it with Unix line ends (in an editor: LF)",
        )
    if delete and not book.rows and all(mistake.note for mistake in book.mistakes):
        raise KgError(
            "the workbook has no row, so that everything would be taken away",
            where="--delete",
            fix="leave it out; or keep the rows that are to stay",
        )


def _guess(book: Book) -> str:
    """The review that the ids of the statements begin with."""
    found = {r.text("Id").rpartition("-")[0] for r in book.rows if r.sheet.of and r.text("Id")}
    return found.pop() if len(found) == 1 else ""


def age(book: Book, called: Called) -> Iterator[Mistake]:
    """Tell of an older or a newer template, and of vocabularies that have changed since."""
    version = layout()[0]
    told = book.meta.get("version", str(version))
    if told != str(version):
        what = f"the workbook is of version {told or 'none'}, this program writes version {version}"
        fix = "copy its rows into a fresh template"
        yield Mistake("_meta", "B2", what, fix, note=told.isdecimal() and int(told[:9]) < version)
    if book.meta.get("vocabulary", "") not in {"", vocabulary_hash(called)}:
        what = "the vocabularies have changed since this workbook was written"
        fix = "take its lists from a fresh template; names that no longer fit are told by cell"
        yield Mistake("Vocabulary", "", what, fix, note=True)
