"""Makes train.csv and test.csv: invented wines that follow roughly what is known of red ones.

The numbers come from this file alone (no measured wine is in them), always the same ones.
"""
import csv
import random
from pathlib import Path

COLUMNS = [
    "fixed_acidity",
    "volatile_acidity",
    "citric_acid",
    "residual_sugar",
    "chlorides",
    "free_sulfur_dioxide",
    "total_sulfur_dioxide",
    "density",
    "ph",
    "sulphates",
    "alcohol",
    "quality",
]


def between(low, value, high):
    return max(low, min(high, value))


def wine(rng):
    """One wine; ripeness and care are what its columns have in common."""
    ripeness, care = rng.gauss(0, 1), rng.gauss(0, 1)
    alcohol = between(8.4, rng.gauss(10.5 + 0.8 * ripeness, 0.5), 14.5)
    fixed = between(4.6, rng.gauss(8.3 - 0.6 * ripeness, 1.2), 15.0)
    volatile = between(0.12, rng.gauss(0.53 - 0.11 * care, 0.09), 1.3)
    citric = between(0.0, rng.gauss(0.27 + 0.05 * care + 0.04 * (fixed - 8.3), 0.1), 0.9)
    sugar = between(1.0, rng.lognormvariate(0.85, 0.3), 12.0)
    chlorides = between(0.02, rng.lognormvariate(-2.5, 0.25), 0.4)
    free = between(2, rng.gauss(16 - 1.5 * care, 6), 60)
    total = between(free + 4, free * rng.uniform(1.8, 3.6), 180)
    density = 0.9968 - 0.0009 * (alcohol - 10.4) + 0.0003 * (sugar - 2.5) + 0.0004 * (fixed - 8.3)
    ph = between(2.8, rng.gauss(3.31 - 0.07 * (fixed - 8.3), 0.08), 4.0)
    sulphates = between(0.35, rng.gauss(0.65 + 0.07 * care, 0.09), 1.6)
    quality = (
        5.65
        + 0.6 * (alcohol - 10.5)
        - 2.4 * (volatile - 0.53)
        + 2.0 * (sulphates - 0.65)
        - 1.1 * (chlorides - 0.08)
        - 0.003 * (total - 46)
        + rng.gauss(0, 0.45)
    )
    return [
        f"{fixed:.1f}",
        f"{volatile:.2f}",
        f"{citric:.2f}",
        f"{sugar:.1f}",
        f"{chlorides:.3f}",
        f"{free:.0f}",
        f"{total:.0f}",
        f"{rng.gauss(density, 0.0003):.4f}",
        f"{ph:.2f}",
        f"{sulphates:.2f}",
        f"{alcohol:.1f}",
        f"{between(3, round(quality), 8)}",
    ]


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def main():
    rng = random.Random(20)
    wines = [wine(rng) for _ in range(320)]
    folder = Path(__file__).parent
    write(folder / "train.csv", wines[:240])
    write(folder / "test.csv", wines[240:])


main()
