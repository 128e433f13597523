"""Notifications: tells beneficiaries in plain Indonesian where to be and what was received.

Owns: message templates (versioned), messages, their attempts at delivery, printed lists, the words for codes.
Publishes: message sent, delivered, failed, listed, acknowledged; never a text, a name or a number.
Hears: enrolled, enrolment rescheduled, course not completed (training); handover scheduled, handover voided, aid
handed over, grant cancelled (disbursement); graduated (followup); person corrected (registry: number and status).
Asks: the registry for names and contacts, at the moment of sending, nothing of it is kept.
The consumer only queues; `workers` send and ask the gateway, always outside a transaction.
"""
