"""Fetches counters, and prints each with its sum over all labels.

    metrics_reader.py URL
"""

import sys
import urllib.request
from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

with urllib.request.urlopen(sys.argv[1], timeout=20) as reply:
    text = reply.read().decode()
sums = defaultdict(float)
seen = set()
for family in text_string_to_metric_families(text):
    if family.type not in ("counter", "gauge", "histogram"):
        sys.exit(f"{family.name} is {family.type}")
    if not family.documentation:
        sys.exit(f"nobody says what {family.name} is")
    for sample in family.samples:
        labels = (sample.name, *sorted(sample.labels.items()))
        if labels in seen:
            sys.exit(f"{labels} stands there twice")
        seen.add(labels)
        sums[sample.name] += sample.value
for name, value in sums.items():
    print(name, value)
