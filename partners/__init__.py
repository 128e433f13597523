"""Outside parties of the scenario, as processes of their own: a training provider and Dinas Koperasi.

They are samples for integrators as well: they import nothing of this project but `contracts`, and speak to it over
Kafka topics and one HTTP look-up, as another agency's system would.
"""
