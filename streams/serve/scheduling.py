"""Ask the kernel for short turns on the processor, which come sooner than long ones.

A question is some milliseconds of work between waits for Redis, and beside a worker that takes all of a core it waits for a
processor after each of them. Linux from 6.12 on lets a process say how long its turns are to be: one with short turns may interrupt
another with long ones, and gets no larger share by that. It needs no privilege. Older kernels take the request and do not act on
it; other systems have no such call.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

__all__ = ["ask_for_short_turns"]

_TURN_NANOSECONDS = 200_000
_SET = {"x86_64": 314, "aarch64": 274}
"""The number of the call `sched_setattr` by machine."""


class _Attributes(ctypes.Structure):
    """`struct sched_attr` of Linux in its first form."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def ask_for_short_turns(nanoseconds: int = _TURN_NANOSECONDS) -> bool:
    """Ask for short turns for this thread and those that it starts from now on; return whether the system took the request.

    A process that runs under another policy than the usual one, as by `chrt` or `SCHED_BATCH`, keeps that.
    """
    number = _SET.get(platform.machine())
    if sys.platform != "linux" or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    wanted = _Attributes(ctypes.sizeof(_Attributes), os.SCHED_OTHER, 0, nice, 0, nanoseconds, 0, 0)
    return bool(ctypes.CDLL(None).syscall(ctypes.c_long(number), 0, ctypes.byref(wanted), 0) == 0)
