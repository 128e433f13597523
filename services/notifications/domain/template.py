"""Templates: a closed set of codes, versions that never change, placeholders that are checked when saved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from chassis.errors import NotFound, Unprocessable
from services.notifications.domain import wording
from services.notifications.domain.sms import measure

MAX_SMS_SEGMENTS: Final = 3
"""Longest short message a template may lead to with a long name: each segment is billed."""
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]{1,30})\}")


class TemplateCode(StrEnum):
    """What can be told; one template each."""

    TRAINING_INVITATION = "training-invitation"
    TRAINING_RESCHEDULED = "training-rescheduled"
    HANDOVER_INVITATION = "handover-invitation"
    HANDOVER_RECEIPT = "handover-receipt"
    GRADUATION = "graduation"


class UnknownTemplate(NotFound):
    """There is no template of this code or version."""

    title = "There is no such template"


class UnknownPlaceholder(Unprocessable):
    """A placeholder in braces that this template cannot fill."""

    title = "The template names a placeholder that does not exist"


class StrayBrace(Unprocessable):
    """A brace that belongs to no placeholder."""

    title = "The template has a brace that belongs to no placeholder"


class MissingPlaceholder(Unprocessable):
    """A text without which the reader would not know where to be or what it is about."""

    title = "The template lacks a placeholder it must have"


class TextTooLong(Unprocessable):
    """Longer than may be sent, measured with long sample values."""

    title = "The text is too long"
    detail = "{text} takes {segments} SMS, at most {segments_at_most} are allowed"


class ControlCharacter(Unprocessable):
    """An invisible character, which gateways refuse or turn into others."""

    title = "The template has an invisible control character"


@dataclass(frozen=True, slots=True)
class _Rule:
    allowed: frozenset[str]
    required: frozenset[str]


_WHERE: Final = frozenset({"tanggal", "tempat"})
_RULES: Final[Mapping[TemplateCode, _Rule]] = {
    TemplateCode.TRAINING_INVITATION: _Rule(_WHERE | {"nama", "instansi", "pelatihan"}, _WHERE | {"pelatihan"}),
    TemplateCode.TRAINING_RESCHEDULED: _Rule(_WHERE | {"nama", "instansi", "pelatihan"}, _WHERE | {"pelatihan"}),
    TemplateCode.HANDOVER_INVITATION: _Rule(_WHERE | {"nama", "instansi", "paket"}, _WHERE),
    TemplateCode.HANDOVER_RECEIPT: _Rule(
        frozenset({"nama", "instansi", "paket", "tanggal", "nomor_bast", "barang", "nilai"}),
        frozenset({"nomor_bast", "paket"}),
    ),
    TemplateCode.GRADUATION: _Rule(frozenset({"nama", "instansi", "tanggal"}), frozenset()),
}
_ON_A_LIST: Final = "nama"
"""The name stands in a column of its own on a printed list."""


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """The texts of one version. Without `list_text` a message that cannot be delivered is not put on a list."""

    code: TemplateCode
    version: int
    sms_text: str
    mail_subject: str
    mail_text: str
    list_text: str | None

    @property
    def listable(self) -> bool:
        """Whether undelivered messages go on a printed list."""
        return self.list_text is not None

    def check(self) -> None:
        """Find every error that would otherwise show at sending; raises one of this module's refusals."""
        rule = _RULES[self.code]
        values = {**sample_values(), "nama": "N" * 40}
        _check_text("sms_text", self.sms_text, rule, rule.required | {"nama"})
        _check_text("mail_subject", self.mail_subject, rule, frozenset())
        _check_text("mail_text", self.mail_text, rule, rule.required | {"nama"})
        if self.list_text is not None:
            _check_text("list_text", self.list_text, _Rule(rule.allowed - {_ON_A_LIST}, rule.required), rule.required)
        segments = measure(fill(self.sms_text, values)).segments
        if segments > MAX_SMS_SEGMENTS:
            raise TextTooLong(text="sms_text", segments=segments, segments_at_most=MAX_SMS_SEGMENTS)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; KeyError for a value that is missing."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def fact_values(facts: Mapping[str, Any]) -> dict[str, str]:
    """What the stored facts of a message give to placeholders."""
    values = {key: facts[key] for key in ("instansi", "pelatihan", "paket", "tempat", "nomor_bast") if key in facts}
    if "dates" in facts:
        values["tanggal"] = wording.dates([date.fromisoformat(day) for day in facts["dates"]])
    if "amount_rupiah" in facts:
        values["nilai"] = wording.rupiah(facts["amount_rupiah"])
    if "items" in facts:
        values["barang"] = wording.joined([f"{item['quantity']} {item['name']}" for item in facts["items"]])
    return values


def sample_values() -> dict[str, str]:
    """Long but likely values, for measuring and for showing a template."""
    return fact_values(
        {
            "instansi": "Dinas Sosial Kabupaten Tegal",
            "pelatihan": "Ternak Kambing",
            "paket": "Paket Ternak Kambing",
            "tempat": "Kecamatan Balapulang",
            "nomor_bast": "BAST/DINSOS/2023/0001",
            "dates": ["2023-10-30", "2023-10-31", "2023-11-01", "2023-11-02"],
            "amount_rupiah": 12_500_000,
            "items": [{"name": "Mesin Jahit", "quantity": 1}, {"name": "Gunting Kain", "quantity": 2}],
        }
    ) | {"nama": "Siti Contoh Penerima"}


def _check_text(name: str, text: str, rule: _Rule, required: frozenset[str]) -> None:
    if any(not char.isprintable() and char != "\n" for char in text):
        raise ControlCharacter(text=name)
    named = set(_PLACEHOLDER.findall(text))
    if named - rule.allowed:
        raise UnknownPlaceholder(text=name, placeholders=sorted(named - rule.allowed), allowed=sorted(rule.allowed))
    if set(_PLACEHOLDER.sub("", text)) & set("{}"):
        raise StrayBrace(text=name)
    if required - named:
        raise MissingPlaceholder(text=name, placeholders=sorted(required - named))
