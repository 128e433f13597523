-- Nothing of theirs is to be sent any more.
UPDATE message SET state = 'sent', next_attempt_at = NULL WHERE state = 'queued';
