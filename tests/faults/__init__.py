"""Faults, injected into the real services under load; the end compared with an oracle that knows none of their code.

The parts, each with a small interface, usable one by one:

- `running.running_stack()`: the embedded stack on free ports, supervised; `FaultStack` has urls, pids, database
  addresses, the folder of the failpoints and `clerk()`.
- `clerk.Clerk`: a user's client. `act(kind, officer, service, path, body, people=…)` repeats the request with the same
  Idempotency-Key until it is acknowledged, and puts the act into `clerk.journal`; `get`, `get_all`, `look_up` read.
- `crowd.crowd(first, count)`: made-up people, each with a way of their own (`Way`). `run.next_wave_number()` keeps
  waves on one stack apart.
- `wave.Wave(clerk, name, people, today)` and `mentoring.serve(wave)`: these people through all services, from the list
  to the last visit.
- `oracle.expected(journal)`: what must be there in the end, computed from the acknowledged acts alone.
- `evidence.gather(stack, clerk, programmes)`: what is there: topics, outboxes, public APIs, what the SMS gateway sent.
- `judging.judge(expected, found, elsewhere)`: `Verdict`: lost, twice, inversions, ledger violations, other differences.
- `watching.Watch`: reads the ledger and the outboxes all the time; `watch.busy()` says what work is in flight.
- `injectors`, `storm`: the faults, chosen by one `random.Random(seed)`, struck only while work is in flight.
- `draining.cleared(stack, since, limit_seconds)`: waits until what is under way now is done, `drained(stack,
  limit_seconds)` until nothing is under way any more; both say how long it took and what was left.
- `run.Run` puts all of this together, `rows.ROWS` says how much of it; `report.Report` is printed and written.
- `extent.extent(full=…, smoke=…)` and `extent.seed_of_run()`: `make faults` runs `test_<row>.py` with FAULTS=full.

- `proxy.Proxy`: connections that are delayed, slow, reset, held or silent; `proxy_path`: services and stacks behind it.
- `disorder`, `disorder_stories`, `disorder_lives`, `disorder_acts`: made-up lives as events, told once or ten times and
  shuffled, after what officers had done; states by content.
- `poison`, `partners`: spoilt messages among healthy ones; a gateway and a mail server of all moods.
- `honesty`, `honesty_table`: guards taken out one at a time in a copy, and the tests that must turn red.

`conftest.py` has the fixture `fault_stack`, a stack for each smoke row; `main.py` is `make faults`.
How to read and replay a run: docs/faults.md.
"""
