"""The shared event contracts: what services and other agencies tell each other, and nothing else.

One module per publisher, `catalogue` says where each event travels, `schemas/`, `examples/` and
`asyncapi.yaml` are generated from here and committed.
"""
