"""Two specs side by side."""

from __future__ import annotations

from tests.unit.dashboard.node import run

LEAVES = "pages/compare/leaves.ts"
SIDE_BY_SIDE = """
    const places = module.sideBySide(given.a, given.b);
    return places.map(({ pointer, a, b, differs }) => [pointer, a ?? "-", b ?? "-", differs]);
"""


def test_every_place_of_either_is_there_with_what_both_have_at_it() -> None:
    a = {"epochs": 10, "network": {"kind": "linear", "hidden": []}, "only_a": {}}
    b = {"epochs": 20, "network": {"kind": "linear", "hidden": [8]}}
    assert run(LEAVES, SIDE_BY_SIDE, {"a": a, "b": b}) == [
        ["/epochs", 10, 20, True],
        ["/network/hidden", [], [8], True],
        ["/network/kind", "linear", "linear", False],
        ["/only_a", {}, "-", True],
    ]


def test_keys_are_escaped_as_json_pointers_have_them() -> None:
    assert run(LEAVES, SIDE_BY_SIDE, {"a": {"a/b": {"~": True}}, "b": {"a/b": {"~": 1}}}) == [
        ["/a~1b/~0", True, 1, True]
    ]


def test_a_difference_is_a_share_of_the_size_that_it_starts_from() -> None:
    script = "return given.map(([from, difference]) => module.relative(from, difference));"
    given = [[50, 5], [-50, 5], [0, 5], [None, 5], [50, None]]
    assert run(LEAVES, script, given) == [0.1, 0.1, None, None, None]
