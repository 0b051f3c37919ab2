"""Files read whole: regular ones alone, up to a stated size, and their text as UTF-8."""

import stat
from pathlib import Path

from kg.errors import UnreadableFile

_MB = 1024 * 1024


def read_bytes(path: Path, largest: int) -> bytes:
    """Read a regular file of at most so many megabytes.

    Args:
        path: the file. A pipe or a device is refused: reading it may never end.
        largest: the limit in megabytes, which is the message's to tell.

    Raises:
        UnreadableFile: it cannot be opened, is no regular file, or is larger.
    """
    check_regular(path)
    try:
        with path.open("rb") as file:
            # What a file says of its size may be wrong, as for those of the system.
            raw = file.read(largest * _MB + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(raw) > largest * _MB:
        raise UnreadableFile(
            f"the file is larger than {largest} MB", where=path.as_posix(), fix="split it"
        )
    return raw


def check_regular(path: Path) -> None:
    """Refuse what is no regular file before it is opened, as a pipe may keep its reader for ever.

    Raises:
        UnreadableFile: it is a folder, a pipe or a device, or is not there.

    Example:
        >>> check_regular(Path(__file__))
    """
    where = path.as_posix()
    if path.is_symlink() and not path.exists():
        raise UnreadableFile(
            "this is a link, and what it leads to is not there",
            where=where,
            fix="delete the link, or put the file back",
        )
    try:
        kind = path.stat().st_mode
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(kind):
        what = "a folder" if stat.S_ISDIR(kind) else "a pipe or a device, not a file"
        raise UnreadableFile(
            f"the file cannot be read: it is {what}", where=where, fix="name a file"
        )


def _unreadable(path: Path, error: OSError) -> UnreadableFile:
    return UnreadableFile(
        f"the file cannot be read: {error.strerror}",
        where=path.as_posix(),
        fix="check name and rights",
    )


def decode_utf8(raw: bytes, where: str) -> str:
    r"""Give the text of a file in UTF-8, without a byte order mark, its line ends as they are.

    Args:
        raw: the bytes of the file.
        where: what to call the file in a message.

    Raises:
        UnreadableFile: it is in another encoding; the error names line and byte.

    Example:
        >>> decode_utf8(b"\xef\xbb\xbfgulls", "birds.csv")
        'gulls'
    """
    # Of every character of ASCII, those encodings make one zero or more; a text has none, or few.
    begin = raw[:200]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or begin.count(0) * 3 > len(begin):
        raise UnreadableFile(
            "the file is in UTF-16 or UTF-32, not in UTF-8",
            where=f"{where}:1:1",
            fix="save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8; in Excel: CSV UTF-8)",
        )
    # The mark carries no meaning in UTF-8, and Windows editors add it unasked.
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise UnreadableFile(
            "a character is not UTF-8; the file seems to be in Latin-1 or Windows-1252",
            where=f"{where}:{line}:{column}",
            fix="save it as UTF-8 without a byte order mark (in Excel: CSV UTF-8)",
        ) from error
