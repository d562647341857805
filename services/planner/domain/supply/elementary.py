"""Logarithm, exponential, log-gamma and normal distribution that are the same on every processor.

The C library's versions differ in the last bit between processors, and a published quantile may hang on that bit. Here
only +, -, *, / and scaling by powers of two are used, which IEEE 754 rounds correctly everywhere.
"""

from __future__ import annotations

import math

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts, the first ending in so many zero bits that small multiples of it are exact (fdlibm, e_log.c)."""
HALF_LN_TWO_PI = 0.9189385332046727418
SQRT_TWO_PI = 2.5066282746310005024
STIRLING_FROM = 8.0
"""From here on, Stirling's series with five terms errs by less than 1e-12."""


def log(x: float) -> float:
    """Natural logarithm of a positive number, to about 1e-15 relative."""
    mantissa, exponent = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa *= 2
        exponent -= 1
    s = (mantissa - 1) / (mantissa + 1)
    z = s * s
    # 2 artanh(s); |s| <= 0.1716, so the first term left out is below 1e-17.
    series = z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z / 17)))))))
    tail = 2 * s * series + exponent * LN2_LOW
    return 2 * s + tail + exponent * LN2_HIGH


def exp(x: float) -> float:
    """The exponential, 0 below the smallest number; raises OverflowError above the largest."""
    if x < -745.0:
        return 0.0
    twos = math.floor(x / (LN2_HIGH + LN2_LOW) + 0.5)
    r = x - twos * LN2_HIGH - twos * LN2_LOW
    # |r| <= 0.3466, so the first term left out is below 1e-17; written out, since this is called for every cell.
    total = 1 + r / 7 * (
        1 + r / 8 * (1 + r / 9 * (1 + r / 10 * (1 + r / 11 * (1 + r / 12 * (1 + r / 13 * (1 + r / 14))))))
    )
    total = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6 * total)))))
    return math.ldexp(total, twos)


def log_gamma(x: float) -> float:
    """Logarithm of the gamma function of a positive number."""
    shift = 1.0
    while x < STIRLING_FROM:
        shift *= x
        x += 1
    z = 1 / (x * x)
    series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / x
    return (x - 0.5) * log(x) - x + HALF_LN_TWO_PI + series - (log(shift) if shift > 1 or shift < 1 else 0.0)


def normal_cdf(z: float) -> float:
    """Distribution function of the standard normal, to 1e-15, by Marsaglia's series of odd powers."""
    if z < -8 or z > 8:
        return 0.0 if z < 0 else 1.0
    term = total = z
    n = 1
    while abs(term) > 1e-17:
        n += 2
        term *= z * z / n
        total += term
    return 0.5 + total * exp(-z * z / 2) / SQRT_TWO_PI
