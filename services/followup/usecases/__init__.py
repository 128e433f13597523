"""What officers, events and timers can make follow-up do: one act, one file."""
