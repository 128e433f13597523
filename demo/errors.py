"""What stops the scenario."""


class DemoError(Exception):
    """The scenario cannot go on; the message says why and what to do."""


class TookTooLongError(DemoError):
    """Something that must happen by itself did not happen in its time."""
