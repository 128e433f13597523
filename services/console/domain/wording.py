"""What happened, in the officers' language (Bahasa Indonesia first, English second)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said twice."""

    indonesian: str
    english: str


EVENTS: Final[dict[str, Words]] = {
    "registry.person_registered.v1": Words("Terdaftar dari daftar sasaran", "Registered from the targeting list"),
    "registry.person_corrected.v1": Words("Perbaikan data disetujui", "Correction of data approved"),
    "registry.list_imported.v1": Words("Daftar sasaran diterapkan", "Targeting list applied"),
    "registry.assistance_ended.v1": Words("Bansos diakhiri oleh pengelolanya", "Social assistance ended by its owner"),
    "registry.assistance_end_refused.v1": Words(
        "Bansos dipertahankan oleh pengelolanya", "Social assistance kept by its owner"
    ),
    "registry.assistance_restored.v1": Words("Bansos dipulihkan", "Social assistance restored"),
    "training.class_scheduled.v1": Words("Kelas pelatihan dijadwalkan", "Class scheduled"),
    "training.session_redated.v1": Words("Tanggal pertemuan kelas berubah", "Session of a class re-dated"),
    "training.enrolled.v1": Words("Terdaftar pada kelas pelatihan", "Enrolled in a class"),
    "training.enrolment_rescheduled.v1": Words("Jadwal pelatihan berubah", "Training re-scheduled"),
    "training.course_completed.v1": Words("Menyelesaikan pelatihan", "Course completed"),
    "training.course_not_completed.v1": Words("Tidak menyelesaikan pelatihan", "Course not completed"),
    "disbursement.programme_opened.v1": Words("Program dibuka", "Programme opened"),
    "disbursement.aid_allocated.v1": Words("Bantuan dialokasikan", "Aid allocated"),
    "disbursement.allocation_confirmed.v1": Words("Alokasi dipastikan", "Allocation confirmed"),
    "disbursement.allocation_released.v1": Words("Alokasi dilepas", "Allocation released"),
    "disbursement.aid_proposed.v1": Words("Masuk usulan penerima", "In a proposal of recipients"),
    "disbursement.proposal_returned.v1": Words("Dikembalikan dari usulan", "Returned from the proposal"),
    "disbursement.aid_decided.v1": Words("Ditetapkan sebagai penerima", "Named by the decree"),
    "disbursement.handover_scheduled.v1": Words("Penyerahan dijadwalkan", "Handover scheduled"),
    "disbursement.handover_missed.v1": Words("Tidak hadir pada penyerahan", "Did not come to the handover"),
    "disbursement.aid_handed_over.v1": Words("Bantuan diserahkan (BAST)", "Aid handed over (BAST)"),
    "disbursement.handover_voided.v1": Words("BAST dibatalkan", "BAST voided"),
    "disbursement.bast_corrected.v1": Words("BAST diperbaiki", "BAST corrected"),
    "disbursement.grant_cancelled.v1": Words("Penetapan dicabut", "Grant cancelled"),
    "followup.mentoring_planned.v1": Words("Rencana pendampingan dibuat", "Mentoring planned"),
    "followup.visit_due.v1": Words("Waktunya kunjungan pendampingan", "Mentoring visit due"),
    "followup.mentoring_stopped.v1": Words("Pendampingan dihentikan", "Mentoring stopped"),
    "followup.outcome_measured.v1": Words("Kunjungan: hasil usaha dicatat", "Visit: outcome measured"),
    "followup.visit_corrected.v1": Words("Catatan kunjungan diperbaiki", "Visit corrected"),
    "followup.empowered.v1": Words("Dinyatakan berdaya", "Empowered"),
    "followup.graduation_proposed.v1": Words("Diusulkan graduasi", "Graduation proposed"),
    "followup.graduation_withdrawn.v1": Words("Usulan graduasi ditarik", "Graduation withdrawn"),
    "followup.graduation_unanswered.v1": Words("Usulan graduasi belum dijawab", "Graduation unanswered"),
    "followup.graduated.v1": Words("Graduasi", "Graduated"),
    "followup.graduation_refused.v1": Words("Usulan graduasi ditolak", "Graduation refused"),
    "notifications.message_sent.v1": Words("Pesan dikirim", "Message sent"),
    "notifications.message_delivered.v1": Words("Pesan diterima", "Message delivered"),
    "notifications.message_failed.v1": Words("Pesan gagal", "Message failed"),
    "notifications.message_listed.v1": Words("Masuk daftar undangan cetak", "On a printed list"),
    "notifications.message_acknowledged.v1": Words("Undangan disampaikan langsung", "Told in person"),
    "training-provider.attendance_reported.v1": Words("Daftar hadir dilaporkan lembaga", "Attendance reported"),
    "dinas-koperasi.assistance_given.v1": Words("Bantuan Dinas Koperasi diberikan", "Dinas Koperasi gave assistance"),
}

SERVICES: Final[dict[str, Words]] = {
    "registry": Words("Data penerima manfaat", "Registry"),
    "training": Words("Pelatihan", "Training"),
    "disbursement": Words("Penyaluran bantuan", "Disbursement"),
    "followup": Words("Pendampingan", "Follow-up"),
    "notifications": Words("Pemberitahuan", "Notifications"),
    "console": Words("Konsol", "Console"),
}

FACTS: Final[dict[str, Words]] = {
    "amount_rupiah": Words("Nilai", "Amount"),
    "answer_due_on": Words("Jawaban paling lambat", "Answer due"),
    "asset_state": Words("Keadaan aset", "State of the asset"),
    "bast_number": Words("Nomor BAST", "BAST number"),
    "budget_rupiah": Words("Pagu", "Budget"),
    "changed_fields": Words("Yang berubah", "Changed"),
    "channel": Words("Saluran", "Channel"),
    "completed_on": Words("Selesai pada", "Completed on"),
    "conditional": Words("Bersyarat", "Conditional"),
    "course_code": Words("Pelatihan", "Course"),
    "decile": Words("Desil", "Decile"),
    "decree_number": Words("Nomor Keputusan", "Decree number"),
    "decree_on": Words("Tanggal Keputusan", "Decree dated"),
    "due_on": Words("Jatuh tempo", "Due on"),
    "ended_on": Words("Berakhir pada", "Ended on"),
    "family_working_hours": Words("Jam kerja keluarga per minggu", "Family working hours per week"),
    "from_reserve_list": Words("Dari cadangan", "From the reserve list"),
    "list_source": Words("Sumber daftar", "List"),
    "list_version": Words("Versi daftar", "Version of the list"),
    "monthly_income_rupiah": Words("Pendapatan per bulan", "Monthly income"),
    "monthly_turnover_rupiah": Words("Omzet per bulan", "Monthly turnover"),
    "package_code": Words("Paket", "Package"),
    "place_code": Words("Tempat", "Place"),
    "reason": Words("Alasan", "Reason"),
    "region_code": Words("Wilayah", "Region"),
    "restored_on": Words("Dipulihkan pada", "Restored on"),
    "scheduled_on": Words("Dijadwalkan pada", "Scheduled on"),
    "schemes": Words("Bansos", "Schemes"),
    "sessions_attended": Words("Pertemuan dihadiri", "Sessions attended"),
    "sessions_required": Words("Pertemuan disyaratkan", "Sessions required"),
    "template_code": Words("Jenis pesan", "Message"),
    "visit_number": Words("Kunjungan ke-", "Visit"),
    "visits_count": Words("Jumlah kunjungan", "Visits"),
}
"""Facts a page shows, in this order of names; ids and versions are for machines."""


def event_words(kind: str) -> Words:
    """Words for a kind of event; its own name where nobody has found words yet."""
    return EVENTS.get(kind, Words(kind, kind))


def service_words(name: str) -> Words:
    """Words for a service; its own name for anybody else."""
    return SERVICES.get(name, Words(name, name))
