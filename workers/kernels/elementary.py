"""exp, log1p, tanh and the logistic function of one float32, without branches, so that loops over them are vectorised.

NaN goes in and comes out: a comparison with NaN is false, so no clamp hides it.
"""

from __future__ import annotations

import numpy as np

from workers.kernels.compiled import HALF, ONE, ZERO, kernel

LOWEST = np.float32(-87)
LOG2_E = np.float32(1.44269504)
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
EXPONENT_BIAS = np.int32(127)
EXPONENT_SHIFT = np.int32(23)

# exp(r) ≈ 1 + r + r²·p(r) on |r| ≤ ln(2)/2 (Cephes, expf.c)
E0, E1, E2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
E3, E4, E5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)

# tanh(x) ≈ x·p(x²)/q(x²) on |x| ≤ 7.905, beyond which it rounds to ±1 (Eigen, MathFunctionsImpl.h)
TANH_BOUND = np.float32(7.90531110763549805)
P0, P1, P2 = np.float32(4.89352455891786e-03), np.float32(6.37261928875436e-04), np.float32(1.48572235717979e-05)
P3, P4, P5 = np.float32(5.12229709037114e-08), np.float32(-8.60467152213735e-11), np.float32(2.00018790482477e-13)
P6 = np.float32(-2.76076847742355e-16)
Q0, Q1 = np.float32(4.89352518554385e-03), np.float32(2.26843463243900e-03)
Q2, Q3 = np.float32(1.18534705686654e-04), np.float32(1.19825839466702e-06)

TWO = np.float32(2)
L3, L5, L7 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
L9, L11, L13 = np.float32(1 / 9), np.float32(1 / 11), np.float32(1 / 13)


@kernel
def exp_of_negative(x: np.float32) -> np.float32:
    """exp(x) for x ≤ 0: with n the integer nearest to x/ln 2, 2ⁿ·exp(x - n·ln 2). Below -87 it stays at exp(-87)."""
    clamped = LOWEST if x < LOWEST else x
    n = np.floor(clamped * LOG2_E + HALF)
    r = clamped - n * LN2_HIGH - n * LN2_LOW
    p = ((((E0 * r + E1) * r + E2) * r + E3) * r + E4) * r + E5
    power = np.int32((np.int32(n) + EXPONENT_BIAS) << EXPONENT_SHIFT).view(np.float32)
    return np.float32((p * r * r + r + ONE) * power)


@kernel
def log1p_of_share(t: np.float32) -> np.float32:
    """log(1 + t) for 0 ≤ t ≤ 1: 2·artanh(s) = 2(s + s³/3 + s⁵/5 + …) with s = t/(2 + t) ≤ 1/3."""
    s = t / (TWO + t)
    q = s * s
    return TWO * s * (ONE + q * (L3 + q * (L5 + q * (L7 + q * (L9 + q * (L11 + q * L13))))))


@kernel
def tanh(x: np.float32) -> np.float32:
    """tanh(x) to some units in the last place, and exactly ±1 beyond the bound."""
    c = TANH_BOUND if x > TANH_BOUND else x
    c = -TANH_BOUND if c < -TANH_BOUND else c
    q = c * c
    p = (((((P6 * q + P5) * q + P4) * q + P3) * q + P2) * q + P1) * q + P0
    t = c * p / (((Q3 * q + Q2) * q + Q1) * q + Q0)
    t = ONE if x > TANH_BOUND else t
    return -ONE if x < -TANH_BOUND else t


@kernel
def sigmoid(x: np.float32) -> np.float32:
    """1/(1 + exp(-x)), from the exponential of a negative number on both sides: small values keep their digits."""
    e = exp_of_negative(-abs(x))
    return (ONE if x >= ZERO else e) / (ONE + e)
