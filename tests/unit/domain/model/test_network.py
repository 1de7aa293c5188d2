"""The forward pass in numpy against torch in float64; the flat vector and its tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax as scipy_softmax
from torch import nn

from service.domain.model.network import ACTIVATIONS, Network, forward

TORCH = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.01),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "gelu": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "selu": nn.SELU(),
    "mish": nn.Mish(),
    "identity": nn.Identity(),
}


def torch_scores(network: Network, parameters: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    layers: list[nn.Module] = []
    start = 0
    for fan_in, fan_out in zip(network.sizes[:-1], network.sizes[1:], strict=True):
        layer = nn.Linear(fan_in, fan_out, bias=network.bias, dtype=torch.float64)
        for tensor in layer.parameters():  # weight, then bias
            stop = start + tensor.numel()
            tensor.data = torch.from_numpy(parameters[start:stop].astype(np.float64).reshape(tuple(tensor.shape)))
            start = stop
        layers += [layer, TORCH[network.activation]]
    assert start == len(parameters)
    return nn.Sequential(*layers[:-1])(torch.from_numpy(inputs.astype(np.float64))).detach().numpy()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_scores_equal_torchs(activation: str, bias: bool) -> None:
    generator = np.random.default_rng(5)
    network = Network((7, 5, 4, 3), activation, bias)
    parameters = generator.normal(size=network.n_parameters).astype(np.float32)
    inputs = (generator.normal(size=(50, 7)) * 3).astype(np.float32)
    np.testing.assert_allclose(
        forward(network, parameters, inputs), torch_scores(network, parameters, inputs), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_large_inputs_overflow_nowhere(activation: str) -> None:
    network = Network((1, 1, 1), activation, bias=False)
    inputs = np.array([[-1e4], [-800], [800], [1e4]], dtype=np.float32)
    parameters = np.ones(2, dtype=np.float32)
    scores = forward(network, parameters, inputs)
    np.testing.assert_allclose(scores, torch_scores(network, parameters, inputs), rtol=1e-12)


def test_a_linear_neuron_is_a_weighted_sum() -> None:
    network = Network((3, 1))
    parameters = np.array([1, -2, 0.5, 10], dtype=np.float32)
    assert forward(network, parameters, np.array([[1, 2, 4]], dtype=np.float32)).tolist() == [[9.0]]


def test_a_rows_answer_does_not_depend_on_its_batch() -> None:
    generator = np.random.default_rng(1)
    network = Network((9, 17, 1), "tanh")
    parameters = network.start(3)
    inputs = generator.normal(size=(100, 9)).astype(np.float32)
    together = forward(network, parameters, inputs)
    alone = np.vstack([forward(network, parameters, row[None]) for row in inputs])
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("bias", [True, False])
def test_members_say_the_mean_of_what_each_says(bias: bool) -> None:
    generator = np.random.default_rng(6)
    network = Network((7, 5, 4, 3), "tanh", bias, members=4)
    parameters = generator.normal(size=network.n_parameters).astype(np.float32)
    inputs = generator.normal(size=(50, 7)).astype(np.float32)
    tensors = network.tensors(parameters)
    of_each = [np.concatenate([tensor[member].reshape(-1) for tensor in tensors.values()]) for member in range(4)]
    each = [torch_scores(network.alone, own, inputs) for own in of_each]
    np.testing.assert_allclose(forward(network, parameters, inputs), np.mean(each, axis=0), rtol=1e-12, atol=1e-12)
    probabilities = scipy_softmax(each, axis=2).mean(axis=0)
    told = scipy_softmax(forward(network, parameters, inputs, is_classifier=True), axis=1)
    np.testing.assert_allclose(told, probabilities, rtol=1e-12)
    assert forward(network, parameters, inputs[:0], is_classifier=True).shape == (0, 3)
    single, own = network.of_output(1, parameters)
    np.testing.assert_allclose(forward(single, own, inputs)[:, 0], np.mean(each, axis=0)[:, 1], rtol=1e-12, atol=1e-12)


def test_each_member_has_a_start_of_its_own_and_the_first_that_of_one_network() -> None:
    network = Network((6, 5, 2), members=3)
    tensors = network.tensors(network.start(9))
    alone = network.alone.tensors(network.alone.start(9))
    for name, tensor in tensors.items():
        assert tensor.shape == (3, *alone[name].shape)
        assert np.array_equal(tensor[0], alone[name])
        assert len(np.unique(tensor)) == tensor.size  # no two weights are alike
    assert not np.array_equal(network.start(9), network.start(10))
    assert (network.n_parameters, network.widest) == (3 * network.alone.n_parameters, 15)


def test_tensors_are_views_and_flatten_undoes_them() -> None:
    network = Network((3, 2, 1))
    parameters = np.arange(network.n_parameters, dtype=np.float32)
    tensors = network.tensors(parameters)
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        "layers.0.weight": (2, 3),
        "layers.0.bias": (2,),
        "layers.1.weight": (1, 2),
        "layers.1.bias": (1,),
    }
    assert network.n_parameters == 3 * 2 + 2 + 2 + 1
    assert np.array_equal(network.flatten(tensors), parameters)
    tensors["layers.1.bias"][0] = 99
    assert parameters[-1] == 99


def test_flatten_refuses_what_does_not_fit() -> None:
    network = Network((3, 1))
    good = network.tensors(network.start(0))
    with pytest.raises(ValueError, match="expected tensors"):
        network.flatten({"layers.0.weight": good["layers.0.weight"]})
    with pytest.raises(ValueError, match="shape"):
        network.flatten({**good, "layers.0.weight": np.zeros((1, 4), dtype=np.float32)})


def test_penalties_spare_the_biases() -> None:
    assert Network((2, 2, 1)).weight_mask().tolist() == [True] * 4 + [False] * 2 + [True] * 2 + [False]
    assert Network((2, 2, 1), members=2).weight_mask().tolist() == [True] * 8 + [False] * 4 + [True] * 4 + [False] * 2
    assert Network((2, 1), bias=False).weight_mask().tolist() == [True, True]


def test_a_linear_neuron_starts_at_zero_and_a_network_from_its_seed() -> None:
    assert not Network((4, 3)).start(7).any()
    network = Network((100, 30, 1))
    first = network.start(7)
    assert np.array_equal(first, network.start(7))
    assert not np.array_equal(first, network.start(8))
    hidden = network.tensors(first)["layers.0.weight"]
    assert np.abs(hidden).max() <= 1 / np.sqrt(100)
    # a uniform variable in ±b has variance b²/3
    assert hidden.var() == pytest.approx(1 / 300, rel=0.05)
    assert np.abs(network.tensors(first)["layers.1.weight"]).max() <= 1 / np.sqrt(30)
