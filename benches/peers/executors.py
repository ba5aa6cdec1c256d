"""What a task costs in Python's executors: threads | processes, TASKS CALLS MEGABYTES REPEATS."""

import multiprocessing
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

WORKERS = 2


def double(number):
    return number * 2


def echo(text):
    return text


def best(repeats, count, run):
    """The shortest time of a task, in microseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run(count)
        times.append((time.perf_counter() - start) / count)
    return min(times) * 1e6


def many(pool):
    def run(count):
        for future in [pool.submit(double, number) for number in range(count)]:
            future.result()

    return run


def one(pool):
    def run(count):
        for number in range(count):
            pool.submit(double, number).result()

    return run


def megabyte(pool):
    text = "x" * 1_000_000

    def run(count):
        for _ in range(count):
            pool.submit(echo, text).result()

    return run


def main():
    which = sys.argv[1]
    tasks, calls, megabytes, repeats = map(int, sys.argv[2:6])
    version = platform.python_version()
    if which == "threads":
        with ThreadPoolExecutor(WORKERS) as pool:
            row = best(repeats, tasks, many(pool)), best(repeats, tasks // 10, one(pool))
        print(f"{f'Python {version} ThreadPoolExecutor':<34}{row[0]:>12.2f}{row[1]:>14.2f}")
        return
    for method in ["fork", "spawn"]:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
            list(pool.map(double, range(100)))
            row = (
                best(repeats, calls, many(pool)),
                best(repeats, calls // 10, one(pool)),
                best(repeats, megabytes, megabyte(pool)),
            )
        name = f"Python {version}, {method}"
        print(f"{name:<34}{row[0]:>12.2f}{row[1]:>14.2f}{row[2]:>12.0f}")


if __name__ == "__main__":
    main()
