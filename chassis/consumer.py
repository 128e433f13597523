"""What a service hears: one handler per kind of event, given lists of that one kind."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from chassis.events import Delivered, EventEntry, event_type_of
from chassis.transaction import Transaction

FactT = TypeVar("FactT", bound=BaseModel)
Handler = Callable[[Transaction, Sequence[Delivered[FactT]]], Awaitable[None]]


class Consumers:
    """The handlers of one service. Everything they do joins the transaction of inbox and stored offset."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler[Any]] = {}

    def on(self, model: type[FactT]) -> Callable[[Handler[FactT]], Handler[FactT]]:
        """Register the handler of one event version."""

        def register(handler: Handler[FactT]) -> Handler[FactT]:
            kind = event_type_of(model)
            if kind in self._handlers:
                raise ValueError(f"{kind} has a handler already")
            self._handlers[kind] = handler
            return handler

        return register

    def on_all(self, entries: Iterable[EventEntry], handler: Handler[Any]) -> None:
        """Register one handler for many kinds; it still gets lists of one kind."""
        for entry in entries:
            self.on(entry.model)(handler)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The CloudEvents types heard."""
        return tuple(sorted(self._handlers))

    async def handle(self, tx: Transaction, run: Sequence[Delivered[Any]]) -> None:
        """Hand a run of one kind to its handler."""
        await self._handlers[run[0].type](tx, run)


__all__ = ["Consumers", "Delivered", "Handler"]
