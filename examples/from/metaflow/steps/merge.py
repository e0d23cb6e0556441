"""Puts the tables of all genres together."""

import csv
import os

parts = os.environ["IN_PARTS"]
with open(os.environ["OUT_STATS"], "w", newline="", encoding="utf-8") as file:
    out = csv.writer(file)
    for number, name in enumerate(sorted(os.listdir(parts))):
        with open(os.path.join(parts, name), newline="", encoding="utf-8") as part:
            rows = list(csv.reader(part))
        out.writerows(rows if number == 0 else rows[1:])
