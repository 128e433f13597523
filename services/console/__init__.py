"""Console: everything that happened to one person in one programme, on one page.

Owns: nothing. Its tables are a read model made from events, which may be dropped and built again.
Publishes: nothing.
Hears: every event the catalogue marks for "console", of all services.
Asks: the registry for the masked name of the person on the page, in the name of the officer who looks; and
all services, for operators, where the events of a case stand.
"""
