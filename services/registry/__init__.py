"""Registry: who the people are.

Owns: people in families, regions, targeting lists and their import, corrections of personal data,
membership in social assistance (PKH, sembako).
Publishes: person registered and corrected, list imported, assistance ended, its end refused, restored.
Hears: graduation proposed and withdrawn (followup).

The only service that holds NIK, No. KK, names, phones, e-mail and postal addresses. Others know a person by an
opaque id and ask for contacts in batches, with a purpose that stays in the access trail.
"""
