import functools
from math import sqrt


def renamed(row):  #~ FS0626 FS0626
    return {"low": row * 0.5}


def score(rows):
    return {"low": rows * 0.5}


def extra(rows, *, seed, scale):  #~ FS0626
    if rows > 3:
        return {"low": 0.5, "hihg": scale}  #~ FS0626
    return {
        "low": 0.5,  # the least
        "high": dict(rows=seed)["rows"],
    }


def fine(rows: int, seed: int = 3, *more: int, **rest: float) -> dict[str, float]:
    def inner(x):
        return {"other": x}

    return {"low": 1.0, "high": inner(rows)["other"]}


def loose(**inputs):
    return inputs["rows"]


@functools.cache
def wrapped(row):
    return row
