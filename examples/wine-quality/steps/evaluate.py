"""Measures a trained model on wines that training has not seen."""
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.metrics import r2_score, root_mean_squared_error


def evaluate(model: str, source: str) -> dict:
    """Loads the model from where it lies and scores it on the source's `data/test.csv`."""
    wines = pd.read_csv(Path(source) / "data" / "test.csv").astype("float64")
    predicted = mlflow.pyfunc.load_model(model).predict(wines.drop(columns="quality"))
    return {
        "rmse": float(root_mean_squared_error(wines["quality"], predicted)),
        "r2": float(r2_score(wines["quality"], predicted)),
    }
