"""How much of a name a page shows: enough to recognise somebody one knows, too little to find somebody."""


def masked_name(name: str) -> str:
    """The first letter of every part of the name: "Siti Aminah" becomes "S*** A*****"."""
    return " ".join(part[0] + "*" * (len(part) - 1) for part in name.split())
