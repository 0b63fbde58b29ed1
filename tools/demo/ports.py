"""Ports of the loopback for stations that stop and start again: no other run of this takes them meanwhile.

They lie below those that the kernel gives out by itself. Each process keeps a block of them for as long as it lives, by a
socket that is bound to the block's first.
"""

import os
import socket

_FIRST, _END, _BLOCK = 20000, 32768, 512
_held = {}  # process id -> the block's socket: a child that was forked takes its own
_taken = {}


def _block():
    if os.getpid() not in _held:
        blocks = range(_FIRST, _END - _BLOCK, _BLOCK)
        start = os.getpid() % len(blocks)
        for first in (*blocks[start:], *blocks[:start]):
            mark = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                mark.bind(("127.0.0.1", first))
            except OSError:
                mark.close()
                continue
            _held[os.getpid()] = mark
            break
        else:
            raise OSError(f"no block of {_BLOCK} ports of 127.0.0.1 is free between {_FIRST} and {_END}")
    return _held[os.getpid()].getsockname()[1]


def _is_free(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        try:
            stream.bind((host, port))
            datagrams.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count, host="127.0.0.1"):
    """So many ports of this process's block that nothing listens on, for TCP and UDP alike."""
    first = _block()
    found = []
    for _ in range(_BLOCK):
        if len(found) == count:
            return found
        step = _taken[os.getpid()] = _taken.get(os.getpid(), 0) % (_BLOCK - 1) + 1
        if _is_free(host, first + step):
            found.append(first + step)
    raise OSError(f"no {count} ports are free in the block at {first}")


def room_for(count):
    """The first of `count` ports in a row, some of which may be in use: for a program that looks for free ones upward."""
    first = _block()
    step = _taken.get(os.getpid(), 0)
    if step + count > _BLOCK - 1:
        step = 0
    _taken[os.getpid()] = step + count
    return first + step + 1
