"""Names as they are kept and shown."""


def tidy(name: str) -> str:
    """Single blanks, none around."""
    return " ".join(name.split())


def masked(name: str) -> str:
    """First letter of each word: enough to recognise somebody one knows, no more."""
    return " ".join(word[0] + "***" for word in name.split())
