"""One peer of bench-tables on one table, with its own Python: `PYTHON fit_table.py PEER LEARN TEST TARGET SEED OUT`.

LEARN and TEST are Parquet files, TARGET is a column of both. OUT becomes an npz of `values`, a prediction (n,) or the
probabilities (n, classes) of the sorted labels for each row of TEST, and `seconds`, the processor time of this process
from the tables to the predictions, imports left out. Every peer is at its defaults, on one core, and gets every row
of LEARN; one that needs validation rows takes them from there. A script, for the peer has no Adaline.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import sys
import time
import warnings

import numpy as np
import pandas as pd


def lightgbm(classes, seed):
    from lightgbm import LGBMClassifier, LGBMRegressor

    return (LGBMClassifier if classes else LGBMRegressor)(n_jobs=1, verbose=-1, random_state=seed)


def xgboost(classes, seed):
    from xgboost import XGBClassifier, XGBRegressor

    return (XGBClassifier if classes else XGBRegressor)(n_jobs=1, enable_categorical=True, random_state=seed)


def catboost(classes, seed):
    from catboost import CatBoostClassifier, CatBoostRegressor

    return (CatBoostClassifier if classes else CatBoostRegressor)(
        thread_count=1, verbose=0, allow_writing_files=False, random_seed=seed
    )


def realmlp(classes, seed):
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    return (RealMLP_TD_Classifier if classes else RealMLP_TD_Regressor)(device="cpu", n_threads=1, random_state=seed)


def tabm(classes, seed):
    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    return (TabM_D_Classifier if classes else TabM_D_Regressor)(device="cpu", n_threads=1, random_state=seed)


def behind_scaler(model):
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_include="category")),
        remainder=SimpleImputer(),
    )
    return make_pipeline(encoded, StandardScaler(), model)


def linear(classes, seed):
    from sklearn.linear_model import LinearRegression, LogisticRegression

    return behind_scaler(LogisticRegression() if classes else LinearRegression())


def mlp(classes, seed):
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    return behind_scaler((MLPClassifier if classes else MLPRegressor)(random_state=seed))


PEERS = {
    "LightGBM": lightgbm,
    "XGBoost": xgboost,
    "CatBoost": catboost,
    "sklearn linear": linear,
    "sklearn MLP": mlp,
    "RealMLP-TD": realmlp,
    "TabM": tabm,
}


WITHOUT_GAPS = ("RealMLP-TD", "TabM")  # they refuse a number that is missing, and get the column's mean instead


def inputs(learn, test, as_words):
    """Words and booleans as categories that LEARN has, a missing one among them where `as_words`; numbers as floats."""
    made = ({}, {})
    for name in learn.columns:
        if pd.api.types.is_numeric_dtype(learn[name]) and not pd.api.types.is_bool_dtype(learn[name]):
            columns = [frame[name].astype(float) for frame in (learn, test)]
        else:
            columns = [frame[name].astype(object).where(frame[name].notna(), None) for frame in (learn, test)]
            columns = [column.map(lambda cell: "missing" if cell is None else str(cell)) for column in columns]
            if not as_words:
                kind = pd.CategoricalDtype(sorted(set(columns[0])))
                columns = [pd.Series(pd.Categorical(column, dtype=kind), index=column.index) for column in columns]
        for into, column in zip(made, columns, strict=True):
            into[name] = column
    return pd.DataFrame(made[0]), pd.DataFrame(made[1])


def main(peer, learn_path, test_path, target, seed, out):
    learn, test = pd.read_parquet(learn_path), pd.read_parquet(test_path)
    classes = not pd.api.types.is_numeric_dtype(learn[target])
    model = PEERS[peer](classes, int(seed))  # imports
    began = time.process_time()
    answers = np.unique(learn[target], return_inverse=True)[1] if classes else learn[target].to_numpy(float)
    rows, asked = inputs(learn.drop(columns=target), test.drop(columns=target), peer == "CatBoost")
    if peer in WITHOUT_GAPS:
        means = rows.mean(numeric_only=True)
        rows, asked = rows.fillna(means), asked.fillna(means)
    words = [name for name in rows if not pd.api.types.is_numeric_dtype(rows[name])]
    if peer == "CatBoost":
        model.set_params(cat_features=words)
    if peer == "sklearn MLP" or peer == "sklearn linear":
        warnings.simplefilter("ignore")  # at its defaults an MLP often says that it has not converged
    model.fit(rows, answers)
    values = np.asarray(model.predict_proba(asked) if classes else model.predict(asked), float)
    np.savez(out, values=values, seconds=time.process_time() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
