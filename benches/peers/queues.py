"""Hands items from thread to thread by Python's queues, and prints ns an item.

    queues.py ITEMS
"""

import queue
import sys
import threading
import time

ITEMS = int(sys.argv[1])
LIMIT = 256


def measure(make, counts, threads):
    handed_over = make()
    share = ITEMS // threads
    sums = []

    def put():
        for item in range(share):
            handed_over.put(item)

    def get():
        total = 0
        for _ in range(share):
            total += handed_over.get()
            if counts:
                handed_over.task_done()
        sums.append(total)

    workers = [threading.Thread(target=work) for work in (put, get) for _ in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - start
    assert sum(sums) == threads * sum(range(share))
    return took / (share * threads) * 1e9


def permits(threads):
    """A permit taken and given back, where there are two."""
    semaphore = threading.Semaphore(2)
    share = ITEMS // threads

    def take():
        for _ in range(share):
            with semaphore:
                if threads > 1:
                    time.sleep(0)

    workers = [threading.Thread(target=take) for _ in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return (time.perf_counter() - start) / (share * threads) * 1e9


for name, make, counts in [
    ("SimpleQueue, no limit", queue.SimpleQueue, False),
    (f"Queue with task_done, room for {LIMIT}", lambda: queue.Queue(LIMIT), True),
    (f"LifoQueue with task_done, room for {LIMIT}", lambda: queue.LifoQueue(LIMIT), True),
    (f"PriorityQueue with task_done, room for {LIMIT}", lambda: queue.PriorityQueue(LIMIT), True),
]:
    cells = (measure(make, counts, threads) for threads in (1, 4, 8))
    print(f"{name:<44}" + "".join(f"{cell:>9.0f}" for cell in cells), flush=True)

print()
print(f"{'a permit taken and given back, ns':<44}{'alone':>9}{'8 for 2':>9}")
print(f"{'Semaphore':<44}{permits(1):>9.0f}{permits(8):>9.0f}", flush=True)
