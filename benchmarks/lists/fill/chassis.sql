-- What every service has alike: filled in one of them. Each person has been told of once, and a few failed.
INSERT INTO outbox (event_id, topic, key, type, subject, correlation_id, headers, body, recorded_at, published_at)
SELECT made.id('event', n), 'disbursement.grants', person_id::text, 'disbursement.aid_allocated.v1',
       made.id('grant', n)::text, case_id, '{{"ce_sequence": "1"}}',
       convert_to(json_build_object('person_id', person_id, 'programme_id', programme_id,
                                    'occurred_on', '2025-04-01')::text, 'UTF8'), moment,
       CASE WHEN n >= {people} - 1000 THEN NULL ELSE moment END
FROM made.person;

INSERT INTO inbox (consumer, source, event_id, received_at)
SELECT '{service}', '/sinergi/made/training', made.id('heard', n), moment FROM made.person;

INSERT INTO parked_message (id, consumer, log_identity, topic, partition, log_offset, key, type, event_id,
    correlation_id, reason, detail, redriven_at, outcome)
SELECT made.id('parked', n), '{service}', 'log', 'training.enrolments', n % 12, n, person_id::text,
       'training.enrolled.v1', made.id('event', n), case_id, 'invalid_event', 'field',
       CASE WHEN n % 2000 <> 0 THEN moment END, CASE WHEN n % 2000 <> 0 THEN 'applied' END
FROM made.person WHERE n % 20 = 0;

INSERT INTO parked_mend (id, message_id, kind, reason, attempts, state, maker, checker)
SELECT made.id('mend', n), made.id('parked', n), 'set_aside', 'sent_by_mistake', 1,
       CASE WHEN n % 10000 = 0 THEN 'proposed' ELSE 'approved' END, 'maker',
       CASE WHEN n % 10000 <> 0 THEN 'checker' END
FROM made.person WHERE n % 200 = 0;

INSERT INTO job (id, kind, parameters, officer, agency, trace, state, total, done, finished_at)
SELECT made.id('job', n), CASE WHEN n % 200 = 0 THEN 'allocate' ELSE 'decide' END, '{{}}', '{{}}', 'dinsos', '{{}}',
       CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'done' END, 10, 10, moment
FROM made.person WHERE n % 100 = 0;

INSERT INTO redrive_result (job_id, arrival, message_id, topic, key, outcome, settled_at)
SELECT made.id('job', 0), arrival, id, topic, key, 'applied', redriven_at FROM parked_message;
