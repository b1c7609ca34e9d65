"""Who is told when nothing more goes out for a request: rooms above register what they have to stop."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

Hook = Callable[[UUID, str], object]
_hooks: dict[str, Hook] = {}


def register(name: str, hook: Hook) -> None:
    """``hook(basis, why)`` is called after a request was withdrawn, denied or closed, its entry committed."""
    if name in _hooks:
        raise RuntimeError(f"two hooks called {name}")
    _hooks[name] = hook


def tell(basis: UUID, why: str) -> None:
    """Call every hook: running exports are stopped here. What goes on anyway finds the basis closed."""
    for hook in _hooks.values():
        hook(basis, why)
