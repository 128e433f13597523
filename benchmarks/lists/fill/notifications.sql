CREATE TABLE made.message AS
SELECT person.*, n * 2 + kind AS m, kind,
       CASE WHEN n % 50 = 1 THEN 'failed' WHEN n % 50 = 2 OR (kind = 1 AND n % 20 = 3) THEN 'listed'
            WHEN stage < 0.95 THEN 'delivered' WHEN stage < 0.99 THEN 'sent' ELSE 'queued' END AS state
FROM made.person AS person CROSS JOIN generate_series(0, 1) AS each (kind);

INSERT INTO printed_list (id, programme_id, matter, group_id, agency, region_code, state, version, created_at)
SELECT made.id('list', programme * 100 + village.number), programme_id, 'handover',
       made.id('session', programme * 100 + village.number), agency, code,
       CASE WHEN (programme + village.number) % 20 = 0 THEN 'open' ELSE 'acknowledged' END, 1, now()
FROM made.programme CROSS JOIN made.village;

INSERT INTO message (id, cause_source, cause_id, cause_sequence, person_id, programme_id, case_id, matter, subject_id,
    group_id, template_code, template_version, facts, trace, agency, region_code, relevant_until, state, version,
    attempts_count, next_attempt_at, reason, list_id, created_at)
SELECT made.id('message', m), '/sinergi/made/disbursement', made.id('event', m), 1, person_id, programme_id, case_id,
       CASE kind WHEN 0 THEN 'training' ELSE 'handover' END, made.id('grant', n),
       made.id('session', programme * 100 + village.number),
       CASE kind WHEN 0 THEN 'training-invitation' ELSE 'handover-invitation' END, 1,
       '{{"instansi": "Dinas Sosial", "paket": "Paket", "pelatihan": "Las", "tempat": "Balai desa",
          "dates": ["2025-06-01"]}}', '{{}}', agency, region_code, '2025-06-01', state, 3, 1,
       CASE WHEN state = 'queued' THEN moment END,
       CASE WHEN state = 'failed' THEN 'dead_number' END,
       CASE WHEN state = 'listed' THEN made.id('list', programme * 100 + village.number) END, moment
FROM made.message JOIN made.village ON code = region_code;

INSERT INTO attempt (id, message_id, number, channel, state, tries, started_at, sent_at, settled_at)
SELECT made.id('attempt', m), made.id('message', m), 1, 'sms', 'delivered', 1, moment, moment, moment
FROM made.message WHERE state = 'delivered';

INSERT INTO list_entry (id, list_id, message_id, listed_at, acknowledged_on, acknowledged_at, acknowledged_by)
SELECT made.id('entry', m), made.id('list', programme * 100 + village.number), made.id('message', m), moment,
       CASE WHEN m % 3 = 0 THEN date '2025-06-02' END, CASE WHEN m % 3 = 0 THEN moment END,
       CASE WHEN m % 3 = 0 THEN 'kepala-desa' END
FROM made.message JOIN made.village ON code = region_code WHERE state = 'listed';
