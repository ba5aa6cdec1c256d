"""Compiles patterns and counts their matches by Python's `re`, as it is told.

    patterns.py

Reads lines of JSON: {"text": name, "file": path} takes a text in, {"case": number, "patterns": [...],
"text": name} a case; then {"compile": number, "times": count} and {"count": number, "seconds": most}
are answered by a line each,
as {"version": true} is: {"ns": time} of one, with the "count" of matches, or {"slow": true}.
"""

import json
import re
import signal
import sys
import time


class Slow(Exception):
    pass


def too_slow(*_):
    raise Slow


signal.signal(signal.SIGALRM, too_slow)
texts = {}
cases = {}
compiled = {}
for line in sys.stdin:
    asked = json.loads(line)
    if "file" in asked:
        with open(asked["file"], encoding="utf-8", newline="") as file:
            texts[asked["text"]] = file.read()
    elif "version" in asked:
        print(json.dumps({"version": sys.version.split()[0]}), flush=True)
    elif "case" in asked:
        cases[asked["case"]] = asked
    elif "compile" in asked:
        case = cases[asked["compile"]]
        took = 0
        for _ in range(asked["times"]):
            re.purge()
            start = time.perf_counter_ns()
            patterns = [re.compile(pattern) for pattern in case["patterns"]]
            took += time.perf_counter_ns() - start
        compiled[asked["compile"]] = patterns
        print(json.dumps({"ns": took / asked["times"]}), flush=True)
    else:
        case = cases[asked["count"]]
        text = texts[case["text"]]
        patterns = compiled[asked["count"]]
        signal.setitimer(signal.ITIMER_REAL, asked["seconds"])
        try:
            start = time.perf_counter_ns()
            count = sum(1 for pattern in patterns for _ in pattern.finditer(text))
            took = time.perf_counter_ns() - start
            answer = {"ns": took, "count": count}
        except Slow:
            answer = {"slow": True}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answer), flush=True)
