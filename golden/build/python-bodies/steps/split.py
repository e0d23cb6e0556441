"""Splits a table into two."""

from pathlib import Path


def split(data: Path, share: float) -> dict:
    lines = (data / "wine.csv").read_text().splitlines()
    head, rows = lines[0], lines[1:]
    cut = int(len(rows) * share)
    return {"train": [head, *rows[:cut]], "test": [head, *rows[cut:]], "rows": len(rows)}
