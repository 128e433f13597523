"""Phone numbers as people in Indonesia write them, to the one form that gateways take."""

import phonenumbers


def normalise(text: str) -> str | None:
    """E.164 form (+62…) of a possible Indonesian mobile or landline number, or None."""
    try:
        number = phonenumbers.parse(text, "ID")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
