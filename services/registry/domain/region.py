"""Kemendagri region codes: 33 province, 33.28 kabupaten/kota, 33.28.04 kecamatan, 33.28.04.2018 village."""


def lies_within(scope: str, code: str) -> bool:
    """Whether a region is, or lies in, the scope; an empty scope is everywhere."""
    return not scope or code == scope or code.startswith(scope + ".")
