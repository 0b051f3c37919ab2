"""What a process gives up so that the query of a stranger harms nobody: network, memory, time."""

import ctypes
import os
import resource
import signal
import socket
from pathlib import Path

# From <linux/sched.h> and <linux/prctl.h>.
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_M_MMAP_THRESHOLD = -3  # from <malloc.h>
_LARGE = 32 * 1024  # bytes; the pieces of an answer are larger
_TRY = 1.0  # seconds to wait for a connection that must not come about


def leave_network(reachable: tuple[str, int]) -> bool:
    """Move this process to a network of its own, with nothing in it, and tell whether that worked.

    Whether it did is tried, not assumed: by a connection to an address that is known to answer.
    Oxigraph asks other servers from Rust, where nothing that Python guards would see it.

    Args:
        reachable: host and port where a socket listens.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "unshare") and libc.unshare(_CLONE_NEWNET):
        # Those who are not root may do it in a name space of users, where they are.
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    try:
        with socket.create_connection(reachable, timeout=_TRY):
            return False
    except OSError:
        return True


def limit_memory(more: int) -> None:
    """Let this process take so many bytes of address space besides what it has."""
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = taken + more if hard == resource.RLIM_INFINITY else min(taken + more, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # A core file of a killed query would hold the graph, and fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def give_memory_back() -> None:
    """Have what is large, such as a piece of an answer, given back to the system when it goes.

    The allocator of glibc keeps what it got for it, as long as anything small stands behind it.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however busy it is then.

    Args:
        parent: the id of the parent, which may have ended before this was asked for.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def give_way(by: int) -> None:
    """Let other processes go first, so that a hostile query slows nobody but itself."""
    os.nice(by)
