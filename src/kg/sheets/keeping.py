"""Workbooks are written over only where that takes nobody's work away.

A workbook carries a digest of itself among its properties. As long as it fits, nobody has changed
the workbook since it was written, and there is nothing in it that cannot be written again.
"""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path

from kg.errors import KgError
from kg.files import write_file

_PROPERTIES = "docProps/core.xml"
_SEAL = re.compile(rb"<dc:identifier>(.*?)</dc:identifier>|<dc:identifier ?/>", re.DOTALL)
_END = b"</cp:coreProperties>"
_MOST = 100_000  # bytes of properties that are looked at


def save(contents: Mapping[Path, bytes], *, force: bool = False) -> None:
    """Write workbooks or CSV files, unless one would take the place of somebody's work.

    Args:
        contents: what each file is to hold.
        force: write over whatever is there.

    Raises:
        KgError: a file is there that somebody may have changed, or one cannot be written.
    """
    for path, content in contents.items():
        if not force and not _free(path, content):
            raise KgError(
                "there is a file already, which somebody may have changed",
                where=path.as_posix(),
                fix="give another name with -o, or add --force to write over it",
            )
    for path, content in contents.items():
        _put(path, content)


def save_marked(content: bytes, path: Path) -> Path:
    """Write a marked copy under a name, or under the next that is free, and give that.

    Raises:
        KgError: it cannot be written.
    """
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    chosen = next(name for name in chain([path], numbered) if _free(name, content))
    _put(chosen, content)
    return chosen


def check_marked(marked: Path, path: Path) -> None:
    """Refuse a place for a marked copy that no workbook should be written to.

    Raises:
        KgError: it is no name of a workbook, or the workbook itself that is imported.
    """
    if marked.suffix.lower() != ".xlsx":
        what, fix = "the marked copy is a workbook", "give it a name that ends in .xlsx"
    elif marked.exists() and path.exists() and marked.samefile(path):
        what, fix = "this is the workbook that is imported", "give the copy another name"
    else:
        return
    raise KgError(what, where=f"--marked {marked.as_posix()}", fix=fix)


def _free(path: Path, content: bytes) -> bool:
    """Whether a name is free: nothing is there, or the same, or what nobody has changed."""
    if not path.is_file():
        return True  # a folder or a device is nobody's work, and writing tells what it is
    try:
        held = path.read_bytes()
    except OSError:
        return False
    return held == content or _untouched(held)


def _untouched(held: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(held)) as book:
            if book.getinfo(_PROPERTIES).file_size > _MOST:
                return False
            seal = _SEAL.search(book.read(_PROPERTIES))
            return seal is not None and seal[1] == _digest(book)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, zlib.error):
        return False  # it is no workbook of ours


def _sealed(content: bytes) -> bytes:
    """Write a workbook's digest among its properties, as the identifier of the document."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as book,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as sealed,
    ):
        for part in book.infolist():
            held = book.read(part)
            if part.filename == _PROPERTIES:
                seal = b"<dc:identifier>" + _digest(book) + b"</dc:identifier>"
                held = _SEAL.sub(b"", held).replace(_END, seal + _END)
            sealed.writestr(part, held)
    return out.getvalue()


def _digest(book: zipfile.ZipFile) -> bytes:
    """Digest the checksums of all other parts: nothing is unpacked that may be huge."""
    parts = sorted((p.filename, p.CRC, p.file_size) for p in book.infolist())
    told = repr([part for part in parts if part[0] != _PROPERTIES])
    return hashlib.sha256(told.encode()).hexdigest().encode()


def _put(path: Path, content: bytes) -> None:
    content = _sealed(content) if path.suffix.lower() == ".xlsx" else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KgError(
            f"the folder cannot be made: {error.strerror}",
            where=path.parent.as_posix(),
            fix="choose another place",
        ) from error
    write_file(path, content)
