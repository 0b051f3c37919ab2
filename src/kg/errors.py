"""What the library raises on purpose: what happened, where, and how to put it right."""


class KgError(Exception):
    """An input or a request that cannot be used, told so that the reader can mend it.

    Args:
        what: the problem in a plain sentence, without a full stop.
        where: the place, as `file:line:column`, a cell, a parameter; empty where there is none.
        fix: what to do about it, in a plain sentence; empty only where nothing can be said.

    Example:
        >>> str(KgError("the file is empty", where="works.ttl", fix="add a work, or delete it"))
        'works.ttl: the file is empty. To mend it: add a work, or delete it.'
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        fix = f" To mend it: {self.fix}." if self.fix else ""
        return f"{place}{self.what}.{fix}"


class UnreadableFile(KgError):
    """A file that cannot be opened, decoded or parsed."""


class UnknownName(KgError):
    """A name (query, view, parameter, value) that stands for nothing here."""


class QueryRefused(KgError):
    """A SPARQL text that is malformed, or that asks for more than reading this graph."""


class EndpointFailed(KgError):
    """A remote SPARQL endpoint that did not answer, or not as the protocol says."""
