"""Disbursement: from a programme's budget to a package in a family's hands.

Owns: programmes, budgets, eligibility, allocations, proposals, decrees, grants, stock, handovers (BAST), the ledger.
Publishes: programme_opened; of each grant aid_allocated, allocation_confirmed, allocation_released, aid_proposed,
proposal_returned, aid_decided, handover_scheduled, handover_missed, aid_handed_over, handover_voided, bast_corrected,
grant_cancelled.
Hears: registry.person_registered and person_corrected; training.enrolled, course_completed, course_not_completed;
dinas-koperasi.assistance_given.
Never holds a recipient's name: the printed pages ask the registry for it, with the reader's own token.
"""
