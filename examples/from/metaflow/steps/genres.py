"""Writes the genres of a table of movies, in the order of the alphabet."""

import csv
import json
import os

with open(os.environ["IN_MOVIES"], newline="", encoding="utf-8") as file:
    genres = sorted({row["genre"] for row in csv.DictReader(file)})
with open(os.environ["OUT_NAMES"], "w", encoding="utf-8") as out:
    json.dump(genres, out)
