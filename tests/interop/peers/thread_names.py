"""Every name of Python's modules for threads and processes that a program may use, one in a line behind its
module: what each exports, and the methods and properties of its classes."""

import _thread
import concurrent.futures
import inspect
import multiprocessing
import multiprocessing.connection
import multiprocessing.pool
import multiprocessing.process
import multiprocessing.queues
import queue
import subprocess
import threading

MODULES = [_thread, threading, queue, concurrent.futures, subprocess, multiprocessing]

# Which a function makes, and what they are called then.
MADE = {
    threading: {"Lock": type(threading.Lock()), "RLock": type(threading.RLock())},
    multiprocessing: {
        "Process": multiprocessing.process.BaseProcess,
        "Pool": multiprocessing.pool.Pool,
        "AsyncResult": multiprocessing.pool.AsyncResult,
        "Connection": multiprocessing.connection.Connection,
        "Queue": multiprocessing.queues.Queue,
        "SimpleQueue": multiprocessing.queues.SimpleQueue,
        "JoinableQueue": multiprocessing.queues.JoinableQueue,
    },
}


def exported(module):
    """What a module offers, by `__all__` or, without one, by the names that it defines itself."""
    own = [name for name, value in vars(module).items() if not inspect.ismodule(value)]
    return [name for name in getattr(module, "__all__", own) if not name.startswith("_")]


def members(kind):
    """The public names that a class gives its values, without those of a public class that it stands on, and
    without those of errors and tuples."""
    if issubclass(kind, (BaseException, tuple)):
        return set()
    bases = [base for base in kind.__mro__[1:] if not base.__name__.startswith("_")]
    own = {name for base in kind.__mro__ if base not in bases for name in vars(base)}
    return {name for name in own if not name.startswith("_") and not any(hasattr(base, name) for base in bases)}


for module in MODULES:
    found = set(exported(module))
    classes = {name: getattr(module, name) for name in found}
    classes = {name: kind for name, kind in classes.items() if inspect.isclass(kind)}
    classes.update(MADE.get(module, {}))
    if module is _thread:
        # Its two locks are those of `threading`.
        classes.clear()
    for name, kind in classes.items():
        found.update(f"{name}.{member}" for member in members(kind))
    if module is threading:
        # It takes these from its lock as it is made.
        found.update(f"Condition.{name}" for name in vars(threading.Condition()) if not name.startswith("_"))
    for name in sorted(found):
        print(module.__name__, name)
