"""How good `auto` is: `make bench-quality`. Adaline with every choice left to it beside scikit-learn's pipelines.

Each table is uploaded and trained on over HTTP, with a share for validation and one for testing, for five seeds that
split it differently. scikit-learn's pipelines (StandardScaler, one-hot columns for categories, then the model at its
defaults) are fitted on the same training rows, and once more on the training and validation rows together: what a
person would do who needs no validation rows. All are judged on the same test rows. A difference counts when the
interval of the five paired differences (Student's t, 95 %) leaves out 0.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table as RichTable
from scipy import stats
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, root_mean_squared_error
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from service.client import Client
from tests.benchmarks.stack import stack
from tests.tables import LOADERS, shipped
from workers.training.split import TEST, TRAIN, VALIDATION, split_rows

SEEDS = range(5)
SPLIT = {"validation": 0.2, "test": 0.2}
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Case:
    """A table with its target, and whether the target is a class."""

    name: str
    frame: pd.DataFrame
    target: str
    classes: bool


def cases() -> list[Case]:
    import statsmodels.api as sm

    made = []
    for name in LOADERS:
        inputs, target = shipped(name)
        frame = pd.DataFrame(inputs, columns=[f"x{number}" for number in range(inputs.shape[1])])
        classes = name != "diabetes"
        made.append(Case(name, frame.assign(y=target.astype(int) if classes else target), "y", classes))

    def load(name: str) -> pd.DataFrame:
        return getattr(sm.datasets, name).load_pandas().data

    grunfeld = load("grunfeld")
    star = load("star98")
    share = star["NABOVE"] / (star["NABOVE"] + star["NBELOW"])
    fair = load("fair")
    made += [
        Case("grunfeld", grunfeld, "invest", False),
        Case("star98", star.drop(columns=["NABOVE", "NBELOW"]).assign(share=share), "share", False),
        Case("randhie", load("randhie"), "mdvis", False),
        Case("anes96", load("anes96").astype({"vote": int}), "vote", True),
        Case("fair", fair.drop(columns="affairs").assign(had=(fair["affairs"] > 0).astype(int)), "had", True),
    ]
    return made


def peer(case: Case, network: str) -> Pipeline:
    """scikit-learn's model at its defaults, behind its scaler."""
    encoded = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include=[object, "str"]),
        ),
        remainder="passthrough",
    )
    model: Any
    if network == "linear":
        model = LogisticRegression() if case.classes else LinearRegression()
    else:
        model = MLPClassifier(random_state=0) if case.classes else MLPRegressor(random_state=0)
    return make_pipeline(encoded, StandardScaler(), model)


def judge(case: Case, truth: Any, said: Any) -> dict[str, float]:
    if not case.classes:
        return {"rmse": float(root_mean_squared_error(truth, said))}
    labels = np.sort(case.frame[case.target].unique())
    return {
        "log loss": float(log_loss(truth, said, labels=labels)),
        "error rate": 1 - float(accuracy_score(truth, labels[np.argmax(said, axis=1)])),
    }


def fitted(case: Case, network: str, rows: np.ndarray, test: np.ndarray) -> dict[str, float]:
    features = case.frame.drop(columns=case.target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at its defaults MLPRegressor often says that it has not converged
        model = peer(case, network).fit(features[rows], case.frame[case.target][rows])
    ask = model.predict_proba if case.classes else model.predict
    return judge(case, case.frame[case.target][test], ask(features[test]))


def adaline(client: Client, case: Case, dataset: str, network: str, seed: int, test: np.ndarray) -> dict[str, float]:
    version = client.train(
        dataset,
        target=case.target,
        model=f"{case.name}-{network}",
        network={"kind": network},
        split=SPLIT,
        epochs="auto",
        seed=seed,
    )
    features = case.frame.drop(columns=case.target)[test]
    said = client.predict(version.ref, features.to_dict("records"))
    if case.classes:
        names = [str(label) for label in np.sort(case.frame[case.target].unique())]
        said = [[row["probabilities"][name] for name in names] for row in said]
    return judge(case, case.frame[case.target][test], np.asarray(said))


def compare(client: Client, case: Case, directory: Path) -> list[list[str]]:
    path = directory / f"{case.name}.csv"
    case.frame.to_csv(path, index=False)
    dataset = client.upload(path)
    classes = np.unique(case.frame[case.target], return_inverse=True)[1].astype(np.int64) if case.classes else None
    lines = []
    for network in ("linear", "mlp"):
        found: dict[str, list[dict[str, float]]] = {"adaline": [], "same": [], "more": []}
        for seed in SEEDS:
            split = split_rows(seed, np.ones(len(case.frame), dtype=bool), SPLIT["validation"], SPLIT["test"], classes)
            test = split == TEST
            found["adaline"].append(adaline(client, case, dataset, network, seed, test))
            found["same"].append(fitted(case, network, split == TRAIN, test))
            found["more"].append(fitted(case, network, (split == TRAIN) | (split == VALIDATION), test))
        for measure in found["adaline"][0]:
            ours, same, more = (np.array([one[measure] for one in found[who]]) for who in ("adaline", "same", "more"))
            lines.append(
                [
                    f"{case.name} ({len(case.frame)} × {case.frame.shape[1] - 1})",
                    network,
                    measure,
                    *(f"{values.mean():.4g}" for values in (ours, same)),
                    said(ours - same),
                    f"{more.mean():.4g}",
                    said(ours - more),
                ]
            )
    return lines


def said(differences: np.ndarray) -> str:
    """Mean and interval of paired differences, and which side of 0 they are on (lower is better)."""
    spread = float(differences.std(ddof=1)) / np.sqrt(len(differences))
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(differences) - 1)) * spread
    mean = float(differences.mean())
    verdict = "worse" if mean - reach > 0 else "better" if mean + reach < 0 else "equal"
    return f"{mean:+.3g} ± {reach:.2g} {verdict}"


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("names", nargs="*", help="only these tables")
    names = asked.parse_args().names
    table = RichTable(
        "table", "model", "measure", "Adaline", "scikit-learn", "difference", "with validation rows", "difference"
    )
    with tempfile.TemporaryDirectory() as directory, stack(Path(directory) / "data") as (_, url):
        client = Client(url)
        for case in cases():
            if not names or case.name in names:
                for line in compare(client, case, Path(directory)):
                    table.add_row(*line)
    console = Console(file=io.StringIO(), width=150)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    print(text)
    print(f"differences of {len(SEEDS)} splits with their 95 % interval; lower is better; {text.count('worse')} worse")
    return 0


if __name__ == "__main__":
    sys.exit(main())
