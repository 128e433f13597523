"""The Tegal 2023 scenario, played through public APIs and topics only. Every person in it is made up."""
