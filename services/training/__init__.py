"""Training: who learns what, where and when, and whether they completed it.

Owns: providers (LPK), courses with their completion rule, classes with dated sessions, enrolments,
attendance sheets (daftar hadir) in revisions, and the outcome of every enrolment.
Publishes: class scheduled, session re-dated, enrolled, enrolment re-scheduled, course completed,
course not completed.
Hears: people registered and corrected (registry), programmes opened (disbursement), attendance
reported (training providers, inbound).
"""
