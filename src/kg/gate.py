"""The gate before every engine: what is no plain, moderate query of this graph is refused.

It reads tokens and no grammar: what it lets through, an engine's own parser still judges. Engines
need no space between words, and some expand escapes before they read, so it is strict there.
"""

import re

from kg.errors import QueryRefused
from kg.sparql import Token, tokens

_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_LISTED = "SELECT, ASK, CONSTRUCT or DESCRIBE"
_LARGEST = 64 * 1024
_DEEPEST = 64
_LONGEST_RUN = 16
# Engines read chains of operators by recursion, and die where the stack ends; this leaves room.
_MOST_TOKENS = 4_000
# Measured: Oxigraph orders a join of 100 patterns in half a second, of 200 in nine, of 300 in over
# half a minute, and no deadline reaches it there. DESCRIBE of 3,900 things overflows its stack.
_MOST_PATTERNS = 100
_MOST_CLAUSES = 200

_TERMS = {"iri", "name", "blank", "variable", "string", "number", "tag"}
_TERM_WORDS = {"a", "true", "false"}
_CLOSING = {")": "(", "]": "[", "}": "{"}
# After these, inside a group, begins a triple pattern or a clause such as FILTER or UNION.
_STARTERS = set("{}.;,[])")
_OPERATORS = set("!-+^*/|?")
_ODD = {"\0": "NUL", "\r": "a carriage return alone", "\ufeff": "a byte order mark"}
_START = Token("mark", "", 0, 0)


def check_read_only(text: str) -> str:
    """Refuse a text that is not a plain query of this graph, and give its form, such as SELECT.

    Raises:
        QueryRefused: an update, a SERVICE or FROM, a text that engines may read in several ways,
            or one too large, too nested or too full of patterns to be answered in good time.

    Example:
        >>> check_read_only("ASK { ?service a ?from }")
        'ASK'
    """
    _check_characters(text)
    form = _Reader(text).read()
    expanded = _expanded(text)
    if expanded != text:
        try:
            _check_characters(expanded)
            _Reader(expanded).read()
        except QueryRefused as error:
            raise QueryRefused(
                f"once its \\u escapes are expanded, as some engines do first, {error.what}",
                where=error.where,
                fix='write the characters themselves, and a quote in a string as \\"',
            ) from error
    return form


def _check_characters(text: str) -> None:
    if len(text.encode(errors="surrogatepass")) > _LARGEST:
        raise QueryRefused(
            f"the query is longer than {_LARGEST:,} bytes", fix="ask a shorter question"
        )
    odd = re.search("[\0\ud800-\udfff]|\r(?!\n)|\\A\ufeff", text)
    if odd:
        name = _ODD.get(odd[0], "half a surrogate pair")
        raise QueryRefused(
            f"the query holds {name}, which engines read in different ways",
            where=_place(text, odd.start()),
            fix="take it out, and save the query as plain UTF-8 text",
        )


def _expanded(text: str) -> str:
    def character(escape: re.Match[str]) -> str:
        number = int(escape[1] or escape[2], 16)
        return chr(number) if number <= 0x10FFFF else escape[0]

    return re.sub(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", character, text)


class _Reader:
    """One pass over the tokens of a query, and what it has counted so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.form = ""
        # The brackets that are open, and what each holds: a group of patterns, the data of VALUES,
        # a list (a collection or a path), or an expression.
        self.opened: list[tuple[str, str]] = []
        self.before = _START
        self.in_values = False
        self.run = self.patterns = self.clauses = 0

    def read(self) -> str:
        """Read it all, and give the form of the query."""
        for number, token in enumerate(tokens(self.text)):
            if number == _MOST_TOKENS:
                raise self._too_much(token, f"{_MOST_TOKENS:,} words and marks")
            self._check_outside(token)
            self._check_ends(token)
            self._count(token)
            if token.kind == "mark":
                self._nest(token)
            elif token.kind == "word":
                self._take_word(token.text.upper())
            self.before = token
        if not self.form:
            raise QueryRefused("the query is empty", fix=f"begin with {_LISTED}")
        return self.form

    @property
    def holds(self) -> str:
        """What the innermost open bracket holds."""
        return self.opened[-1][1] if self.opened else ""

    def _take_word(self, word: str) -> None:
        self.in_values = self.in_values or word == "VALUES"
        if self.form or word in {"PREFIX", "BASE"}:
            return
        if word not in _FORMS:
            raise QueryRefused(
                f"this is no query: it begins with {word}, and here one can only read",
                fix=f"begin with {_LISTED}; data are changed in their files",
            )
        self.form = word

    def _check_outside(self, token: Token) -> None:
        """Refuse SERVICE and FROM in every disguise, and no name that only looks like one.

        SERVICE stands before a name and a brace, and FROM before a name outside all brackets.
        """
        found, word = "", _prefix(token)
        if token.text == "{" and self.before.kind == "name" and "SERVICE" in _prefix(self.before):
            found, token = "SERVICE", self.before
        elif "SERVICE" in word and (token.kind == "word" or self._is_glued(token)):
            found = "SERVICE"
        elif "FROM" in word and token.kind == "word":
            found = "FROM"
        elif "FROM" in word and token.kind == "name" and not self.opened:
            found = "FROM" if self.before.text.upper() != "PREFIX" else ""
        if found:
            why = {"SERVICE": "asks another server", "FROM": "names the data to read"}[found]
            raise QueryRefused(
                f"{found} {why}, and only this graph may be asked",
                where=_place(self.text, token.start),
                fix=f"take the {found} part out, or give a prefix another name",
            )

    def _is_glued(self, token: Token) -> bool:
        """Tell whether a variable may be a path's `?` and a word, as in `<p>?trueSERVICE`."""
        touches = self.before.end == token.start and self.before.text != ""
        return token.kind == "variable" and touches and token.text.startswith("?")

    def _check_ends(self, token: Token) -> None:
        """Refuse what engines may read in several ways: that could hide anything."""
        if token.kind == "mark" and token.text in "\\\"'":
            open_string = "a string does not end where it should"
            raise QueryRefused(
                "a backslash stands outside strings" if token.text == "\\" else open_string,
                where=_place(self.text, token.start),
                fix="write the character itself, and end each string with the quote it began with",
            )
        # In `?a<1)#>` there is an IRI for some, and for others a comparison and a comment. An IRI
        # may follow a term in a list only, and there only these marks could hide where it ends.
        follows = _is_term(self.before) or self.before.text == ")"
        is_odd = self.holds == "list" and re.search("[#()]", token.text)
        if token.kind == "iri" and follows and (self.holds == "expression" or is_odd):
            raise QueryRefused(
                f"{token.text} may be an IRI, or a comparison with <",
                where=_place(self.text, token.start),
                fix="write a space after <, or the IRI as a prefixed name",
            )

    def _count(self, token: Token) -> None:
        is_term = _is_term(token)
        begins = self.before.kind == "mark" and self.before.text in _STARTERS
        if token.kind == "mark" and token.text == "/" and self.holds in {"group", "list"}:
            self.patterns += 1
        elif self.holds == "group" and begins:
            self.patterns += is_term or token.text in {"[", "("}
            self.clauses += (token.kind == "word" and not is_term) or token.text == "{"
        elif self.holds == "list" and is_term and (_is_term(self.before) or begins):
            self.patterns += 2 * (self.before.text != ",")
        elif not self.opened and self.form == "DESCRIBE":
            self.patterns += is_term
        self.clauses += token.text == "{" and self.holds in {"list", "expression"}
        if self.patterns > _MOST_PATTERNS:
            raise self._too_much(token, f"{_MOST_PATTERNS} triple patterns and steps of paths")
        if self.clauses > _MOST_CLAUSES:
            raise self._too_much(token, f"{_MOST_CLAUSES} clauses such as FILTER or UNION")
        is_operator = token.kind == "mark" and token.text in _OPERATORS
        self.run = self.run + 1 if is_operator else 0
        if self.run > _LONGEST_RUN:
            raise self._too_much(token, f"{_LONGEST_RUN} operators in a row")

    def _nest(self, token: Token) -> None:
        mark = token.text
        if mark in _CLOSING:
            if not self.opened or self.opened.pop()[0] != _CLOSING[mark]:
                raise QueryRefused(
                    f"this {mark} closes nothing",
                    where=_place(self.text, token.start),
                    fix=f"take it out, or write the {_CLOSING[mark]} that it closes",
                )
        elif mark in "{[(":
            holds = "group"
            if mark == "{" and self.in_values:
                holds, self.in_values = "data", False
            elif mark == "(" and self.holds == "group":
                is_call = self.before.kind == "word" and not _is_term(self.before)
                holds = "expression" if is_call else "list"
            elif mark == "(":
                holds = self.holds or "expression"
            self.opened.append((mark, holds))
            if len(self.opened) > _DEEPEST:
                raise QueryRefused(
                    f"brackets are nested more than {_DEEPEST} deep",
                    where=_place(self.text, token.start),
                    fix="write it flatter",
                )

    def _too_much(self, token: Token, what: str) -> QueryRefused:
        return QueryRefused(
            f"the query has more than {what}",
            where=_place(self.text, token.start),
            fix="ask a shorter question, or several",
        )


def _is_term(token: Token) -> bool:
    return token.kind in _TERMS or (token.kind == "word" and token.text.lower() in _TERM_WORDS)


def _prefix(token: Token) -> str:
    return token.text.partition(":")[0].upper()


def _place(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"
