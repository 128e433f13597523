"""Telephone numbers as gateways want them."""

import phonenumbers


def normalised(number: str | None) -> str | None:
    """E.164 form of an Indonesian or international number; None when it cannot be anybody's number."""
    if not number:
        return None
    try:
        parsed = phonenumbers.parse(number, "ID")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
