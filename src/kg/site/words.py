"""The words of pages, where they are not those of the model."""


def in_claims(text: str) -> str:
    """Say claim where a query or a definition says statement, the name of the model for it.

    Example:
        >>> in_claims("Statements that repeat a statement")
        'Claims that repeat a claim'
    """
    return text.replace("statement", "claim").replace("Statement", "Claim")
