"""Sections of a review in words: the graph knows them by codes such as es.4.1."""


def section_in_words(code: str) -> str:
    """Say which section of a review a code means, as far as the code itself tells.

    Args:
        code: what `kg:section` has: `es` stands for an executive summary, a leading number for a
            chapter, and what follows for the part of it.

    Returns:
        The section as it stands within a sentence; a code of another form as it is.

    Example:
        >>> section_in_words("es.4.1"), section_in_words("1.2")
        ('executive summary, section 4.1', 'chapter 1, section 1.2')
        >>> section_in_words("es.conclusion.1"), section_in_words("1.notes")
        ('executive summary, conclusion, part 1', 'chapter 1, notes')
        >>> section_in_words("2.0"), section_in_words("front"), section_in_words("2A")
        ('chapter 2, before section 2.1', 'front matter', 'section 2A')
    """
    if code == "front":
        return "front matter"
    first, _, rest = code.partition(".")
    part = "executive summary" if first == "es" else f"chapter {first}"
    if first != "es" and not first.isdecimal():
        return f"section {code}" if any(map(str.isdigit, code)) else code
    if not rest:
        return part
    if rest == "0":
        return f"{part}, before section {first}.1"
    if rest[0].isdecimal():
        return f"{part}, section {rest if first == 'es' else code}"
    return f"{part}, {rest.replace('.', ', part ')}"
