"""Writes the median gross of the movies of one genre."""

import csv
import os
import statistics

genre = os.environ["IN_GENRE"]
with open(os.environ["IN_MOVIES"], newline="", encoding="utf-8") as file:
    gross = [float(row["gross"]) for row in csv.DictReader(file) if row["genre"] == genre]
with open(os.environ["OUT_STATS"], "w", newline="", encoding="utf-8") as file:
    out = csv.writer(file)
    out.writerow(["genre", "median", "movies"])
    out.writerow([genre, statistics.median(gross), len(gross)])
