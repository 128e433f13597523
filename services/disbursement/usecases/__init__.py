"""What disbursement can do: one use case, one file; they load, decide, save and publish, and never commit."""
