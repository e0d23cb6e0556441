"""Trains an elastic net that predicts the quality of a wine, and logs it to MLflow."""
import argparse
from pathlib import Path

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import ElasticNet
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

DATA = Path(__file__).parent / "data" / "train.csv"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--alpha", type=float, default=0.5)
    parser.add_argument("--l1-ratio", type=float, default=0.1)
    args = parser.parse_args()

    # Whole numbers would make the signature refuse requests with decimals, and missing values later.
    wines = pd.read_csv(DATA).astype("float64")
    x, y = wines.drop(columns="quality"), wines["quality"]
    x_train, x_valid, y_train, y_valid = train_test_split(x, y, test_size=0.25, random_state=0)

    # `mlflow run` has started a run and recorded the parameters; alone, this starts one.
    with mlflow.start_run():
        model = make_pipeline(StandardScaler(), ElasticNet(alpha=args.alpha, l1_ratio=args.l1_ratio, random_state=0))
        model.fit(x_train, y_train)
        predicted = model.predict(x_valid)
        mlflow.log_metrics({
            "rmse": root_mean_squared_error(y_valid, predicted),
            "r2": r2_score(y_valid, predicted),
        })
        # The serving runtime loads pickle; MLflow's default, skops, it does not.
        mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_PICKLE,
            signature=infer_signature(x_train, model.predict(x_train)),
            input_example=x_train.head(2),
        )


main()
