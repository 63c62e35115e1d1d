"""An estimated factor of the simulator, and how well the record determines it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jaco_sim.identification.record import Array


@dataclass(frozen=True)
class Estimate:
    """`value` of what is called `name`, with the half width of its 95 % confidence `interval`; both shape (m,).

    `unit` is that of both, "" for a share of what the model has.
    """

    name: str
    value: tuple[float, ...]
    interval: tuple[float, ...]
    unit: str = ""

    @property
    def text(self) -> str:
        """For people: every number with its interval."""
        numbers = zip(self.value, self.interval, strict=True)
        return ", ".join(f"{value:.4g} +- {width:.2g}" for value, width in numbers) + (f" {self.unit}" if self.unit else "")


def intervals(jacobian: Array, residual: Array, prior: Array) -> Array:
    """Returns half widths, shape (p,), of 95 % intervals at a least-squares solution.

    `jacobian`, shape (r, p), and `residual`, shape (r,), are those of the measurements alone; `prior`: standard deviation of what
    is known of each parameter beforehand, shape (p,). From the Gauss-Newton Hessian and the residual's variance, as in Bates and
    Watts, Nonlinear Regression Analysis and Its Applications (1988). They know of noise, and nothing of a
    wrong model.
    """
    rows, count = jacobian.shape
    variance = max(float(residual @ residual) / max(rows - count, 1), 1e-30)
    information = jacobian.T @ jacobian / variance + np.diag(1.0 / prior**2)
    return np.asarray(1.96 * np.sqrt(np.maximum(np.diag(np.linalg.pinv(information)), 0.0)))
