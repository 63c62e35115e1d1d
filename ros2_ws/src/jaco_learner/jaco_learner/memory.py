"""Large arrays without page faults: what a process frees it keeps, since the next minibatch needs as much again."""

from __future__ import annotations

import ctypes

# mallopt's parameters, from glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# Blocks up to 32 MiB, the most that every glibc takes, come from the heap; the heap shrinks when 1 GiB of it is free.
_LARGEST_BLOCK, _KEPT = 32 * 2**20, 2**30


def keep_freed_memory() -> None:
    """Tells the C library not to give freed memory back to the system; without a glibc it does nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_TRIM_THRESHOLD, _KEPT)
