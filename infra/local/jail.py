"""The first thing a sandbox runs: take away what a function must not have, then become the runtime.

Started as `python -S -P jail.py SETTINGS HANDLER` with nothing of the function imported yet, and
only the standard library at hand.  This keeps mistakes in, not attackers: whoever runs the cloud as
root runs the functions as root.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

MIB = 1024 * 1024
_TMP = "/tmp"  # noqa: S108 - Lambda's one writable folder, and private to the sandbox
# Lambda gives a function 1,024 file descriptors (AWS Lambda quotas).
DESCRIPTORS = 1024

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 1 << 18
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 1
_SYS_MOUNT_SETATTR = 442
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_LANDLOCK_WRITE_FILE = 1 << 1
_LANDLOCK_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_LANDLOCK_REFER = 1 << 13  # since ABI 2
_LANDLOCK_TRUNCATE = 1 << 14  # since ABI 3

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("user_namespace", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def main() -> None:
    """Lock the door behind us and hand over to `awslambdaric`."""
    settings, handler = json.loads(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        _confine(settings["mode"], settings["visible"], settings["tmp_mb"], settings["scratch"])
        _die_with(settings["parent"])
    else:
        os.environ["TMPDIR"] = settings["scratch"]
    _limit(settings["memory_mb"])
    from awslambdaric.__main__ import main as runtime

    runtime([sys.argv[0], handler])


def _confine(mode: str, visible: list[str], tmp_mb: int, scratch: str) -> None:
    """Make all but the function's own /tmp read-only, by the best means this kernel grants."""
    if mode != "landlock":
        try:
            return _private_mounts(visible, tmp_mb)
        except OSError as error:
            if mode == "namespace":
                raise
            print(f"no mount namespace ({error}); Landlock instead", flush=True)
    os.environ["TMPDIR"] = scratch
    try:
        _landlock(scratch)
    except OSError as error:
        if mode == "landlock":
            raise
        print(f"no Landlock either ({error}): this sandbox's code is not read-only", flush=True)


def _private_mounts(visible: list[str], tmp_mb: int) -> None:
    """A mount namespace of our own: everything read-only, an empty memory-backed /tmp on top."""
    _new_namespace()
    _call(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount --make-private")
    attributes = _MountAttributes(set=_MOUNT_ATTR_RDONLY)
    _syscall(
        _SYS_MOUNT_SETATTR,
        _AT_FDCWD,
        b"/",
        _AT_RECURSIVE,
        ctypes.byref(attributes),
        ctypes.sizeof(attributes),
    )
    # Code may itself lie below /tmp: held open, it can be shown again on the new one.
    below = [path for path in visible if path.startswith(f"{_TMP}/")]
    held = {path: os.open(path, os.O_RDONLY) for path in below}
    options = f"size={tmp_mb}m,mode=1777".encode()
    _call(_libc.mount(b"tmpfs", _TMP.encode(), b"tmpfs", 0, options), f"mount {_TMP}")
    for path, descriptor in held.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        source = f"/proc/self/fd/{descriptor}".encode()
        _call(_libc.mount(source, path.encode(), None, _MS_BIND | _MS_REC, None), f"bind {path}")
        os.close(descriptor)
    os.chdir(visible[0])


def _new_namespace() -> None:
    if _libc.unshare(_CLONE_NEWNS) == 0:  # as root
        return
    user, group = os.getuid(), os.getgid()
    _call(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _landlock(scratch: str) -> None:
    """Deny every way of changing a file system but below `scratch`, and in /dev/null."""
    version = _syscall(_SYS_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    on_files = _LANDLOCK_WRITE_FILE | (_LANDLOCK_TRUNCATE if version >= 3 else 0)
    on_all = on_files | _LANDLOCK_REMOVE_AND_MAKE | (_LANDLOCK_REFER if version >= 2 else 0)
    handled = ctypes.c_uint64(on_all)
    rules = _syscall(_SYS_LANDLOCK_CREATE_RULESET, ctypes.byref(handled), 8, 0)
    _allow(rules, scratch, on_all)
    _allow(rules, os.devnull, on_files)
    _call(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    _syscall(_SYS_LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, access: int) -> None:
    descriptor = os.open(path, os.O_PATH)
    beneath = _PathBeneath(access=access, descriptor=descriptor)
    kind = _LANDLOCK_RULE_PATH_BENEATH
    _syscall(_SYS_LANDLOCK_ADD_RULE, rules, kind, ctypes.byref(beneath), 0)
    os.close(descriptor)


def _die_with(parent: int) -> None:
    """Be killed when the cloud is.  Entering a namespace clears this, so it comes after."""
    _call(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:  # it died before we asked
        sys.exit("the cloud is gone")


def _limit(memory_mb: int) -> None:
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: DESCRIPTORS}
    if sys.platform == "linux":  # elsewhere this limit cannot be set, or is not kept
        # What a function allocates; libraries and weights that it maps are no memory of its own.
        limits[resource.RLIMIT_DATA] = memory_mb * MIB
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def _syscall(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), f"system call {number}")
    return result


def _call(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), what)


if __name__ == "__main__":
    main()
