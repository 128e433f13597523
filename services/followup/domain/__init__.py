"""Pure rules of mentoring, empowerment and graduation."""
