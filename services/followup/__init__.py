"""Follow-up: mentoring after a handover, what it achieves, and graduation from social assistance.

Owns: mentoring plans and visits with their corrections, schedules per package, rules of empowerment, candidates,
graduations and the answers to them.
Publishes: mentoring planned, visit due, outcome measured, visit corrected, mentoring stopped, empowered;
graduation proposed, unanswered, withdrawn, refused, graduated.
Hears: aid handed over, handover voided, grant cancelled (disbursement); person corrected, assistance ended,
end refused, restored (registry).
Never ends assistance itself: it asks, and the owner of the assistance answers.
"""
