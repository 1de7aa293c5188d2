"""What is fitted on training rows, against scikit-learn's own transformers on the same rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler

from service.domain.cells.columns import Categories, Columns, Values
from service.domain.cells.kinds import Kind
from service.domain.model.transform import FittedTransform
from service.errors import WorkFailed
from workers.training.data.fit import fit
from workers.training.data.moments import Moments, target_moments

SCALERS = {"standard": StandardScaler(), "minmax": MinMaxScaler(), "robust": RobustScaler()}
CATEGORIES = ["red", "blue", "green"]


def numbers(rows: int = 300, gaps: bool = True) -> np.ndarray:
    """Columns of different size and shape, with gaps."""
    generator = np.random.default_rng(8)
    X = generator.normal(size=(rows, 3)) * [1, 1000, 1e-3] + [0, 1e6, 5]
    X[:, 0] = np.round(X[:, 0], 1)  # so that some values are frequent
    if gaps:
        X[generator.random(X.shape) < 0.2] = np.nan
    return X


def fitted(
    data: Mapping[str, Values], kinds: Mapping[str, Kind], missing: str = "mean", scaler: str = "none",
    most_categories: int = 100, chunk: int = 64, numeric_bins: int = 0,
) -> FittedTransform:  # fmt: skip
    """Fitted chunk by chunk, as from a file."""
    columns = Columns(data, len(next(iter(data.values()))))

    def chunks() -> Iterator[Columns]:
        for start in range(0, columns.n_rows, chunk):
            yield columns.take(np.arange(start, min(start + chunk, columns.n_rows)))

    return fit(chunks, kinds, missing, scaler, most_categories, numeric_bins)


def of_numbers(X: np.ndarray, missing: str = "mean", scaler: str = "none") -> tuple[FittedTransform, Columns]:
    data: dict[str, Values] = {f"x{number}": X[:, number] for number in range(X.shape[1])}
    return fitted(data, dict.fromkeys(data, "numeric"), missing, scaler), Columns(data, len(X))


@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent"])
def test_gaps_are_filled_as_simple_imputer_fills_them(missing: str) -> None:
    X = numbers()
    transform, columns = of_numbers(X, missing)
    expected = SimpleImputer(strategy=missing, add_indicator=True).fit_transform(X)
    order = [0, 2, 4, 1, 3, 5]  # ours has each indicator beside its column
    np.testing.assert_allclose(transform.encode(columns)[:, order], expected, rtol=1e-12)


@pytest.mark.parametrize("scaler", sorted(SCALERS))
def test_columns_are_scaled_as_scikit_learn_scales_them(scaler: str) -> None:
    X = numbers(gaps=False)
    transform, columns = of_numbers(X, scaler=scaler)
    np.testing.assert_allclose(transform.apply(columns), SCALERS[scaler].fit_transform(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scaler", sorted(SCALERS))
def test_filled_columns_are_scaled_with_their_fill(scaler: str) -> None:
    X = numbers()
    transform, columns = of_numbers(X, "median", scaler)
    filled = SimpleImputer(strategy="median").fit_transform(X)
    expected = SCALERS[scaler].fit_transform(filled)
    np.testing.assert_allclose(transform.apply(columns)[:, ::2], expected, rtol=1e-5, atol=1e-6)


def clipped_as_realmlp(X: np.ndarray) -> np.ndarray:
    """Holzmüller et al. 2024, appendix C, column by column."""
    columns = []
    for x in X.T:
        quarters = np.quantile(x, [0.25, 0.75])
        spread = quarters[1] - quarters[0] if quarters[1] != quarters[0] else (x.max() - x.min()) / 2
        scaled = (x - np.median(x)) / spread
        columns.append(scaled / np.sqrt(1 + (scaled / 3) ** 2))
    return np.stack(columns, axis=1)


def test_robust_scaling_with_a_smooth_clip_is_realmlps() -> None:
    X = np.column_stack([numbers(gaps=False), np.arange(300) % 9 == 0, np.random.default_rng(1).standard_cauchy(300)])
    transform, columns = of_numbers(X, scaler="robust_clip")
    found = transform.apply(columns)
    np.testing.assert_allclose(found, clipped_as_realmlp(X), rtol=1e-6, atol=1e-6)
    assert 2.9 < np.abs(found).max() < 3
    assert np.unique(found[:, 3]) == pytest.approx([0.0, 2 / np.sqrt(1 + 4 / 9)])  # of 0 and 1, mostly 0


def test_a_filled_column_is_clipped_with_its_fill() -> None:
    X = numbers()
    transform, columns = of_numbers(X, "median", "robust_clip")
    filled = SimpleImputer(strategy="median").fit_transform(X)
    np.testing.assert_allclose(transform.apply(columns)[:, ::2], clipped_as_realmlp(filled), rtol=1e-6, atol=1e-6)


def test_without_a_scaler_values_stay_as_they_are() -> None:
    X = numbers(gaps=False)
    transform, columns = of_numbers(X, scaler="none")
    np.testing.assert_array_equal(transform.apply(columns), X.astype(np.float32))


def test_categories_are_encoded_as_one_hot_encoder_encodes_them() -> None:
    cells = np.random.default_rng(2).choice(CATEGORIES, 200, p=[0.5, 0.3, 0.2]).tolist()
    transform = fitted({"c": Categories.of(cells)}, {"c": "categorical"})
    encoder = OneHotEncoder(categories=[CATEGORIES], handle_unknown="ignore", sparse_output=False)
    seen = ["green", "red", "violet", "blue"]
    expected = encoder.fit(np.array(cells)[:, None]).transform(np.array(seen)[:, None])
    np.testing.assert_array_equal(transform.apply(Columns({"c": Categories.of(seen)}, 4)), expected)


def test_rare_categories_share_a_column_as_infrequent_ones_do() -> None:
    cells = ["a"] * 9 + ["b"] * 7 + ["c"] * 5 + ["d"] * 2 + ["e"]
    transform = fitted({"c": Categories.of(cells)}, {"c": "categorical"}, most_categories=3)
    assert transform.encoded_names == ["c=a", "c=b", "c=c", "c=other"]
    encoder = OneHotEncoder(max_categories=4, handle_unknown="infrequent_if_exist", sparse_output=False)
    seen = ["a", "b", "c", "d", "e", "never"]
    expected = encoder.fit(np.array(cells)[:, None]).transform(np.array(seen)[:, None])
    np.testing.assert_array_equal(transform.apply(Columns({"c": Categories.of(seen)}, 6)), expected)


def test_among_many_categories_those_with_few_rows_share_a_column() -> None:
    cells = [f"often {number:02}" for number in range(12) for _ in range(5 + number)]
    cells += [f"rare {number}" for number in range(6) for _ in range(4)]
    transform = fitted({"c": Categories.of(cells)}, {"c": "categorical"})
    encoder = OneHotEncoder(min_frequency=5, handle_unknown="infrequent_if_exist", sparse_output=False)
    seen = ["often 00", "often 11", "rare 0", "rare 5", "never"]
    expected = encoder.fit(np.array(cells)[:, None]).transform(np.array(seen)[:, None])
    columns = Columns({"c": Categories.of(seen)}, 5)
    names = [str(name).removeprefix("x0_").replace("infrequent_sklearn", "other")
             for name in encoder.get_feature_names_out()]  # fmt: skip
    order = [transform.encoded_names.index(f"c={name}") for name in names]
    assert len(order) == transform.n_outputs == 13
    np.testing.assert_array_equal(transform.apply(columns)[:, order], expected)
    # what has no column of its own is told as unlike any in training
    assert transform.unfamiliar(columns) == [[], [], ["c"], ["c"], ["c"]]


def test_the_ten_most_frequent_categories_are_kept_however_rare() -> None:
    counts = {f"c{number:02}": 4 if number < 3 else 1 for number in range(12)}
    cells = [name for name, count in counts.items() for _ in range(count)]
    (feature,) = fitted({"c": Categories.of(cells)}, {"c": "categorical"}).features
    assert feature.categories == tuple(sorted(counts)[:10])
    assert feature.other
    few = [name for name in cells if name < "c10"]
    (feature,) = fitted({"c": Categories.of(few)}, {"c": "categorical"}).features
    assert (len(feature.categories), feature.other) == (10, False)


def test_an_unseen_category_is_all_zeros_where_nothing_shares_a_column_and_is_flagged() -> None:
    transform = fitted({"c": Categories.of(["a", "b", "b"])}, {"c": "categorical"})
    columns = Columns({"c": Categories.of(["never", "a"])}, 2)
    assert transform.encode(columns).tolist() == [[0, 0], [0, 1]]
    assert transform.unfamiliar(columns) == [["c"], []]


def test_gaps_in_categories_are_filled_and_flagged_as_simple_imputer_does() -> None:
    cells: list[str | None] = ["a", "b", None, "b", "c", None, "b"]
    transform = fitted({"c": Categories.of(cells)}, {"c": "categorical"}, "most_frequent")
    imputer = SimpleImputer(strategy="most_frequent", missing_values=None, add_indicator=True)
    filled = imputer.fit_transform(np.array(cells, dtype=object)[:, None])
    encoder = OneHotEncoder(categories=[["b", "a", "c"]], sparse_output=False)
    expected = np.hstack([encoder.fit_transform(filled[:, :1]), filled[:, 1:].astype(float)])
    np.testing.assert_array_equal(transform.encode(Columns({"c": Categories.of(cells)}, 7)), expected)


@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent"])
@pytest.mark.parametrize("kind", ["boolean", "datetime"])
def test_gaps_in_times_and_booleans_are_filled_as_in_numbers(missing: str, kind: Kind) -> None:
    draw = np.random.default_rng(4)
    values = draw.integers(0, 2, 60).astype(float) if kind == "boolean" else draw.integers(0, 40, 60) * 90_000.0
    values[draw.random(60) < 0.3] = np.nan
    transform = fitted({"v": values}, {"v": kind}, missing)
    expected = SimpleImputer(strategy=missing, add_indicator=True).fit_transform(values[:, None])
    encoded = transform.encode(Columns({"v": values}, 60))
    first = encoded[:, 0] * (86_400 if kind == "datetime" else 1)  # a time's first part is its days since 1970
    np.testing.assert_allclose(first, expected[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(encoded[:, -1], expected[:, 1])


def test_the_parts_of_times_are_pandas() -> None:
    seconds = np.random.default_rng(6).integers(-3_000_000_000, 6_000_000_000, 500).astype(float)
    times = pd.Series(pd.to_datetime(seconds, unit="s"))
    encoded = fitted({"t": seconds}, {"t": "datetime"}).encode(Columns({"t": seconds}, 500))
    hour = times.dt.hour + times.dt.minute / 60 + times.dt.second / 3600
    expected = {"days": (times - pd.Timestamp(0)) / pd.Timedelta(days=1)}
    for name, part, period in (
        ("month", times.dt.month - 1, 12),
        ("weekday", times.dt.day_of_week, 7),
        ("hour", hour, 24),
    ):
        expected |= {f"{name} sin": np.sin(2 * np.pi * part / period), f"{name} cos": np.cos(2 * np.pi * part / period)}
    np.testing.assert_allclose(encoded, pd.DataFrame(expected).to_numpy(), atol=1e-9)


def test_categories_as_frequent_as_each_other_are_kept_by_name_whatever_the_order_of_rows() -> None:
    for cells in (["b", "a", "c"], ["c", "b", "a"]):
        assert fitted({"c": Categories.of(cells)}, {"c": "categorical"}, most_categories=2).features[0].categories == (
            "a",
            "b",
        )


@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent"])
def test_a_missing_category_is_the_most_frequent_and_said_to_be_missing(missing: str) -> None:
    transform = fitted({"c": Categories.of(["a", "b", "b", None])}, {"c": "categorical"}, missing)
    assert transform.encoded_names == ["c=b", "c=a", "c is missing"]
    assert transform.apply(Columns({"c": Categories.of([None])}, 1)).tolist() == [[1, 0, 1]]


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_size_of_the_chunks_does_not_matter(chunk: int) -> None:
    X = numbers()
    data: dict[str, Values] = {"x0": X[:, 0], "x1": X[:, 1]}
    kinds: dict[str, Kind] = {"x0": "numeric", "x1": "numeric"}
    one = fitted(data, kinds, scaler="standard", chunk=chunk)
    other = fitted(data, kinds, scaler="standard", chunk=50)
    np.testing.assert_allclose(one.centre, other.centre, rtol=1e-12)
    np.testing.assert_allclose(one.scale, other.scale, rtol=1e-12)


def test_a_large_offset_costs_no_digits() -> None:
    values = 1e9 + np.random.default_rng(0).normal(size=10_000)
    moments = Moments(1)
    for piece in np.array_split(values, 37):
        moments.add(piece[:, None])
    assert moments.deviation[0] == pytest.approx(np.std(values), rel=1e-9)


def test_what_is_constant_over_the_training_rows_is_left_out() -> None:
    data: dict[str, Values] = {"x": np.array([1.0, 2, 3]), "same": np.full(3, 7.0)}
    transform = fitted(data, {"x": "numeric", "same": "numeric"}, scaler="standard")
    assert transform.encoded_names == ["x"]
    with pytest.raises(WorkFailed, match="constant") as raised:
        fitted({"same": np.full(3, 7.0)}, {"same": "numeric"})
    assert raised.value.code == "features_constant"


def test_a_gap_under_the_policy_error_ends_the_fit() -> None:
    with pytest.raises(WorkFailed, match="2 training rows") as raised:
        fitted({"x": np.array([1.0, np.nan, 2, np.nan])}, {"x": "numeric"}, missing="error")
    assert raised.value.code == "missing_values"


@pytest.mark.parametrize("missing", ["mean", "median", "most_frequent"])
def test_a_column_without_any_value_in_the_training_rows_is_filled_all_the_same(missing: str) -> None:
    data: dict[str, Values] = {
        "x": np.array([1.0, 2, 3]), "n": np.full(3, np.nan), "c": Categories.of([None] * 3), "t": np.full(3, np.nan),
    }  # fmt: skip
    transform = fitted(data, {"x": "numeric", "n": "numeric", "c": "categorical", "t": "datetime"}, missing, "standard")
    assert transform.encoded_names == ["x"]
    later = Columns({"x": np.array([2.0]), "n": np.array([5.0]), "c": Categories.of(["a"]), "t": np.array([9.0])}, 1)
    assert transform.apply(later).tolist() == [[0.0]]


def test_target_moments_are_numpys() -> None:
    values = np.random.default_rng(1).normal(5, 3, 1000)
    pieces = np.array_split(np.column_stack([values, np.full(len(values), 2.0)]), 7)
    varies, constant = target_moments(pieces, 2)
    assert varies == pytest.approx((values.mean(), values.std()), rel=1e-12)
    assert constant == (2.0, 1.0)


def test_hours_that_mirror_each_other_are_no_input_of_rounding_errors() -> None:
    """sin π is 1.2e-16 in float64, and 5:30 is as high on the circle as 6:30."""
    day = np.arange(50) * 86_400.0
    noon = Columns({"t": day + np.where(np.arange(50) % 2, 0, 43_200)}, 50)
    mirrored = Columns({"t": day + np.where(np.arange(50) % 2, 19_800, 23_400)}, 50)
    for columns, constant in ((noon, "t hour sin"), (mirrored, "t hour sin")):
        transform = fit(lambda columns=columns: iter([columns]), {"t": "datetime"}, "mean", "standard", 10)  # type: ignore[misc]
        assert constant not in transform.encoded_names
        assert "t hour cos" in transform.encoded_names


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust", "robust_clip", "none"])
def test_bins_stand_beside_columns_that_are_what_they_were(scaler: str) -> None:
    X = numbers()
    data: dict[str, Values] = {f"x{number}": X[:, number] for number in range(3)}
    data |= {"two": np.tile([0.0, 1.0], 150), "one": np.ones(300)}
    kinds: dict[str, Kind] = dict.fromkeys(data, "numeric")
    columns = Columns(data, 300)
    bare, binned = fitted(data, kinds, scaler=scaler), fitted(data, kinds, scaler=scaler, numeric_bins=4)
    own = ~binned.is_bin
    assert [name for name, of in zip(binned.encoded_names, own, strict=True) if of] == bare.encoded_names
    np.testing.assert_array_equal(binned.apply(columns)[:, own], bare.apply(columns))
    np.testing.assert_array_equal(binned.mean[own], bare.mean)  # type: ignore[index]
    expected = []
    for number, feature in enumerate(binned.features[:3]):
        present = np.sort(X[~np.isnan(X[:, number]), number])
        ranks = [np.ceil(len(present) * share).astype(int) - 1 for share in (0.25, 0.5, 0.75)]
        assert feature.edges == (present[0], *present[ranks], present[-1])
        filled = np.where(np.isnan(X[:, number]), present.mean(), X[:, number])
        expected += [2 * np.interp(filled, pair, [0.0, 1.0]) - 1 for pair in itertools.pairwise(feature.edges)]
    assert [feature.edges for feature in binned.features[3:]] == [(), ()]
    np.testing.assert_allclose(binned.apply(columns)[:, ~own], np.stack(expected, axis=1), atol=1e-6)
    np.testing.assert_allclose(binned.mean[~own], (np.mean(expected, axis=1) + 1) / 2, atol=1e-9)  # type: ignore[index]


def test_bins_of_more_rows_than_are_kept_come_from_some_and_have_the_ends_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.training.data.fit.MOST_KEPT", 256)
    values = np.random.default_rng(1).permutation(10_000).astype(float)
    (feature,) = fitted({"x": values}, {"x": "numeric"}, numeric_bins=4).features
    assert (feature.edges[0], feature.edges[-1]) == (0.0, 9_999.0)
    np.testing.assert_allclose(feature.edges[1:-1], [2_500, 5_000, 7_500], atol=1_200)


def test_a_column_of_gaps_alone_has_no_bins() -> None:
    data: dict[str, Values] = {"x": np.full(9, np.nan), "y": np.arange(9.0)}
    transform = fitted(data, {"x": "numeric", "y": "numeric"}, numeric_bins=2)
    assert [feature.edges for feature in transform.features] == [(), (0.0, 4.0, 8.0)]
