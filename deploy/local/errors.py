"""The one error that the embedded stack shows to the person who started it."""


class StackError(Exception):
    """Something the user can mend: the message says what happened and what to do, without a traceback.

    `detail` holds the last lines of the log of the process concerned, if there is one.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail
