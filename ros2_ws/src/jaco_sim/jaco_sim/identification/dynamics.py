"""Gain, friction, damping, load and latency of an arm's servos: the simulator that trains, fitted to what was measured.

Output-error least squares over short stretches (multiple shooting; Ljung, System Identification, 2nd ed., sections 10.2 and 5.1):
each begins in a measured state, is simulated with the commands that were applied, and its velocities and positions are compared.

The optimiser is MuJoCo's own, mujoco.minimize.least_squares, the one that `mujoco.sysid.optimize` calls. The rest of that toolbox
is not used: it compiles a model per candidate from an MjSpec, where this project's factors (`varying.vary`: shares, compensated
weight, load) are written into a compiled one by the very code that training uses; it looks at no pictures; and its package extra
brings nine more packages.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from mujoco import minimize, rollout

from jaco_core.errors import ConfigError
from jaco_sim.identification.estimate import Estimate, intervals
from jaco_sim.identification.record import LONGEST_DELAY_S, Array, MotionRecord
from jaco_sim.scene import Scene
from jaco_sim.simulation import TICK_S
from jaco_sim.variation import FACTORS, MAX_JOINTS, Variation
from jaco_sim.varying import vary

PER_JOINT = ("joint_gain", "joint_damping", "joint_friction")
# What a residual of 1 is, and how far a share may be from 1 before that counts as much: what the record does not determine stays
# what the model has.
_SPEED, _ANGLE, _PRIOR = 0.01, 0.001, 3.0
# How heavy a load may be that nobody told of [kg].
_LOAD = 2.0
# Delays count in ticks, so that all parameters are about 1.
_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class Dynamics:
    """What the joints say: estimates by the name of their factor, and how far the fit is off [rad/s], root mean square."""

    estimates: dict[str, Estimate]
    residual: float


def estimate_dynamics(record: MotionRecord, scene: Scene, count: int = 40, ticks: int = 10, iterations: int = 30) -> Dynamics:
    """Returns gain, damping and friction of each joint as shares of the model's, the payload [kg] and the command delay [s].

    `count` stretches of `ticks` are compared. `scene`: the record's arm, in any nominal world.

    Raises:
        ConfigError: the record is too short, or a joint hardly moved.
    """
    record.require_motion()
    fit = _Fit(record, scene, _starts(record, count, ticks), ticks)
    start = np.concatenate((np.ones(3 * fit.joints), [0.05, command_delay(record) / TICK_S]))
    best, _ = minimize.least_squares(
        start, fit.residuals, fit.bounds, fit.jacobian, max_iter=iterations, xtol=1e-5, verbose=minimize.Verbosity.SILENT
    )
    best = best.ravel()
    residual = fit.residual(best)
    measured, prior = len(residual) - 3 * fit.joints, np.array([_PRIOR] * (3 * fit.joints) + [_LOAD, LONGEST_DELAY_S / TICK_S])
    width = intervals(fit.jacobian(best[:, None], residual[:, None])[:measured], residual[:measured], prior)
    return Dynamics(_named(best, width, fit.joints), fit.speed_error(residual))


def command_delay(record: MotionRecord) -> float:
    """Returns the delay [s] from a command to its effect, in whole ticks: a first guess.

    For each delay the next velocity is regressed on the last one, the delayed command and the direction of motion (a first-order
    model with dry friction); the delay that leaves least wins.
    """
    delays = np.arange(round(LONGEST_DELAY_S / TICK_S) + 1)
    left = np.zeros(len(delays))
    for part in record.stretches():
        times, velocity = record.times[part], record.velocity[part]
        grid = np.arange(times[0] + LONGEST_DELAY_S, times[-1] - TICK_S, TICK_S)
        if len(grid) < 20:
            continue
        now, after = (np.stack([np.interp(grid + late, times, column) for column in velocity.T], -1) for late in (0.0, TICK_S))
        for index, delay in enumerate(delays):
            command = record.commanded(grid - delay * TICK_S, TICK_S)
            left[index] += sum(_unexplained(after[:, j], now[:, j], command[:, j]) for j in range(now.shape[1]))
    if not left.any():
        raise ConfigError(f"No stretch of the record is longer than {LONGEST_DELAY_S} s; record without resets.")
    return float(delays[np.argmin(left)] * TICK_S)


def _unexplained(after: Array, now: Array, command: Array) -> float:
    """Returns what share of a joint's changes of velocity the regression leaves."""
    known = np.stack((now, command, np.sign(now), np.ones(len(now))), axis=1)
    rest = after - known @ np.linalg.lstsq(known, after, rcond=None)[0]
    return float(rest @ rest / max(float((after - now) @ (after - now)), 1e-12))


def _starts(record: MotionRecord, count: int, ticks: int) -> Array:
    """Returns the times [s], shape (count,) or fewer, at which stretches begin, spread evenly over the record."""
    ranges = [
        np.arange(record.times[part.start] + LONGEST_DELAY_S, record.times[part.stop - 1] - (ticks + 1) * TICK_S, TICK_S)
        for part in record.stretches()
    ]
    possible = np.concatenate(ranges)
    if len(possible) < ticks:
        raise ConfigError(
            f"No stretch of the record is longer than {LONGEST_DELAY_S + ticks * TICK_S:.1f} s; record without resets."
        )
    chosen = np.linspace(0, len(possible) - 1, min(count, len(possible))).round().astype(int)
    # On the stamps themselves, where they are regular: nothing is interpolated that was measured.
    nearest = np.searchsorted(record.times, possible[chosen] - 1e-6)
    return np.asarray(record.times[nearest])


def _named(best: Array, width: Array, joints: int) -> dict[str, Estimate]:
    estimates = {}
    for index, name in enumerate(PER_JOINT):
        part = slice(index * joints, (index + 1) * joints)
        estimates[name] = Estimate(name, tuple(best[part].tolist()), tuple(width[part].tolist()))
    estimates["payload"] = Estimate("payload", (float(best[-2]),), (float(width[-2]),), "kg")
    delay, late = float(best[-1]) * TICK_S, float(width[-1]) * TICK_S
    estimates["command_delay"] = Estimate("command_delay", (delay,), (late,), "s")
    return estimates


class _Fit:
    """Residuals of candidates, shape (3 n + 2,): shares of each joint's gain, damping and friction, load [kg], delay [ticks]."""

    def __init__(self, record: MotionRecord, scene: Scene, starts: Array, ticks: int) -> None:
        self._record, self._scene, self._starts, self._ticks = record, scene, starts, ticks
        self.joints = len(scene.arm)
        self._model: Any = copy.copy(scene.model)
        # A safe motion touches nothing, and to look for contacts between meshes takes longer than everything else.
        self._model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
        self._data: Any = mujoco.MjData(self._model)
        self._substeps = round(TICK_S / self._model.opt.timestep)
        self._states = self._initial_states()
        ahead = starts[:, None] + TICK_S * np.arange(1, ticks + 1)
        self._position = record.position_at(ahead)
        self._velocity = np.stack([np.interp(ahead, record.times, column) for column in record.velocity.T], axis=-1)
        meta = [FACTORS[name].metadata for name in PER_JOINT for _ in range(self.joints)] + [FACTORS["payload"].metadata]
        low, high = [entry["lower"] for entry in meta], [entry["upper"] for entry in meta]
        self.bounds = (np.array([*low, 0.0]), np.array([*high, LONGEST_DELAY_S / TICK_S]))

    def residuals(self, candidates: Array) -> Array:
        """Returns one column of residuals for each column of `candidates`, as the optimiser asks for them."""
        return np.stack([self.residual(column) for column in candidates.T], axis=1)

    def residual(self, x: Array) -> Array:
        model, n = self._model, self.joints
        vary(self._scene, model, self._data, self._variation(x), 0)
        step = model.opt.timestep
        at = self._starts[:, None] + step * np.arange(self._ticks * self._substeps) - x[-1] * TICK_S
        control = self._record.commanded(at, step)
        states, _ = rollout.rollout(model, self._data, self._states, control)
        ends = states[:, self._substeps - 1 :: self._substeps]
        position, velocity = ends[:, :, 1 + self._scene.qpos], ends[:, :, 1 + model.nq + self._scene.dofs]
        off = [(velocity - self._velocity) / _SPEED, (position - self._position) / _ANGLE]
        return np.concatenate([entry.ravel() for entry in off] + [(x[: 3 * n] - 1.0) / _PRIOR])

    def jacobian(self, x: Array, residual: Array) -> Array:
        """Returns the residual's derivative at x, shape (p, 1), by differences: five simulations instead of 3 n + 2.

        A parameter of one servo hardly moves other joints, since the rotors' inertia is far larger than what couples them, so
        each kind is changed for all joints at once (Curtis, Powell and Reid, J. Inst. Maths Applics 13, 1974). What is left out
        slows the search down; it does not move the solution of noiseless data.
        """
        n, base = self.joints, residual.ravel()
        jacobian = np.zeros((len(base), 3 * n + 2))
        of_joint = np.arange(len(base) - 3 * n) % n
        for first, count in ((0, n), (n, n), (2 * n, n), (3 * n, 1), (3 * n + 1, 1)):
            moved = np.array(x.ravel())
            moved[first : first + count] += _DIFFERENCE
            change = (self.residual(moved) - base)[: len(of_joint)] / _DIFFERENCE
            for index in range(count):
                jacobian[: len(of_joint), first + index] = np.where((of_joint == index) | (count == 1), change, 0.0)
        jacobian[len(of_joint) :, : 3 * n] = np.eye(3 * n) / _PRIOR
        return jacobian

    def speed_error(self, residual: Array) -> float:
        """Returns the root mean square of the velocities' share of a residual [rad/s]."""
        return _SPEED * float(np.sqrt(np.mean(residual[: self._velocity.size] ** 2)))

    def _variation(self, x: Array) -> Variation:
        n = self.joints
        parts = (x[index * n : (index + 1) * n] for index in range(3))
        gain, damping, friction = ((*part.tolist(), *[1.0] * (MAX_JOINTS - n)) for part in parts)
        return Variation(joint_gain=gain, joint_damping=damping, joint_friction=friction, payload=float(x[-2]))

    def _initial_states(self) -> Array:
        """Returns MuJoCo's states (time, qpos, qvel) of the measured joints at the starts, shape (count, 1 + nq + nv)."""
        spec, data = mujoco.mjtState.mjSTATE_FULLPHYSICS.value, self._data
        states = np.zeros((len(self._starts), mujoco.mj_stateSize(self._model, spec)))
        position = self._record.position_at(self._starts)
        velocity = np.stack([np.interp(self._starts, self._record.times, column) for column in self._record.velocity.T], axis=-1)
        for row, state in enumerate(states):
            mujoco.mj_resetData(self._model, data)
            data.qpos[self._scene.qpos], data.qvel[self._scene.dofs] = position[row], velocity[row]
            self._scene.linkage.follow(data)
            mujoco.mj_getState(self._model, data, state, spec)
        return states
