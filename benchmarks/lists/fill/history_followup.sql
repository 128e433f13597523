-- The next visit of everybody waits for its day.
INSERT INTO timer (id, kind, subject_id, due_at, data, trace)
SELECT made.recent('timer', n), 'made', made.id('plan', n), now() + interval '90 days' + n * interval '1 second',
       '{{}}', '{{}}'
FROM made.person;
