"""Makes a small table."""

import os
import random
from pathlib import Path

random.seed(int(os.environ["IN_SEED"]))
out = Path(os.environ["OUT_DATASET"])
out.mkdir()
rows = [f"{random.uniform(3, 9):.2f},{random.randint(3, 9)}" for _ in range(20)]
(out / "wine.csv").write_text("acidity,quality\n" + "\n".join(rows) + "\n")
