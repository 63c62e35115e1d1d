"""What a graph can be told: arguments with defaults, choices and descriptions, for launch files and the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jaco_core.arms import arm_names
from jaco_core.errors import ConfigError
from jaco_driver.backends import backend_names
from jaco_learner.embedded.settings import ALGORITHMS, ASYMMETRIC, METHODS, SIZES, Settings
from jaco_safety.modes import MODE_NAMES
from jaco_sim.profiles import FURTHER_CAMERAS, load_profile, profile_names
from jaco_tasks.registry import task_names

Value = bool | int | float | str | tuple[str, ...]
"""What a parameter can be."""

BOOLEANS = ("true", "false")
_FILE = ".yaml"


@dataclass(frozen=True)
class ArgumentSpec:
    """An argument of a graph. Its type is its default's. `choices`: the texts it may be, () for anything of the type.

    `check`: of an argument that may also be the path of a .yaml file; raises ConfigError where that is not what it must be.
    """

    name: str
    default: bool | int | float | str
    description: str
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] | None = None

    @property
    def default_text(self) -> str:
        """The default as it is written on a command line."""
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    def parse(self, text: str) -> bool | int | float | str:
        """Returns the value that `text` stands for.

        Raises:
            ConfigError: not one of the choices, or not of the default's type.
        """
        choices = BOOLEANS if isinstance(self.default, bool) else self.choices
        if self.check is not None and text.endswith(_FILE):
            # A node may work elsewhere.
            path = str(Path(text).expanduser().absolute())
            self.check(path)
            return path
        if choices and text not in choices:
            further = f", or the path of a {_FILE} file" if self.check is not None else ""
            raise ConfigError(f"Argument '{self.name}' is '{text}'; choices: {', '.join(choices)}{further}.")
        if isinstance(self.default, bool):
            return text == "true"
        try:
            return type(self.default)(text)
        except ValueError:
            raise ConfigError(f"Argument '{self.name}' must be {type(self.default).__name__}, got '{text}'.") from None


ARM = ArgumentSpec("arm", "j2n6s300", "Arm, one of the files in jaco_core/arms.", tuple(arm_names()))
TASK = ArgumentSpec("task", "reach", "Task that is asked of the arm.", tuple(task_names()))
POLICY = ArgumentSpec("policy", "reach", "Policy: a name in models/policies, or the path of a folder with weights and card.")
EPISODES = ArgumentSpec("episodes", 20, "Episodes to run before the graph ends itself; 0: for ever.")
SEED = ArgumentSpec("seed", 0, "Seed of the whole run: initial states and the policy's draws.")
DETERMINISTIC = ArgumentSpec("deterministic", True, "true: the policy takes its likeliest action; false: it draws one.")
CURRICULUM = ArgumentSpec(
    "curriculum", False, "true: episodes begin near the target, further away as they succeed, nearer again where they fail."
)
RUN_DIR = ArgumentSpec("run_dir", "", "Folder for the recording; empty: nothing is recorded.")
LOCKSTEP_TIMEOUT = ArgumentSpec("lockstep_timeout", 10.0, "Longest wait for an answer in lockstep [s].")
REALTIME = ArgumentSpec("realtime", False, "true: paced to the wall clock; false: lockstep, as fast as the slowest node.")
_PROFILES = tuple(profile_names(held_out=True))
PROFILE = ArgumentSpec(
    "profile",
    "nominal",
    "Simulator profile: a name in jaco_sim/profiles or twins, or the path of a .yaml file like theirs.",
    _PROFILES,
    partial(load_profile, held_out=True),
)

MODE = ArgumentSpec("mode", "autonomous", "How much the policy may do; the operator can change it.", MODE_NAMES)
# On an arm nothing moves until somebody chooses so.
REAL_MODE = ArgumentSpec("mode", "observe", MODE.description, MODE_NAMES)

CAMERA = ArgumentSpec(
    "camera", "device:0", "Camera: device:0, /dev/video0, realsense:, a URL, a video file or a folder of images."
)
LOOP = ArgumentSpec("loop", False, "true: a video file or folder that stands for the camera begins again at its end.")
DEPTH = ArgumentSpec(
    "depth",
    False,
    "true: the camera, in simulation every one, publishes depth aligned to its picture, as it does there if the policy sees it.",
)
CAMERAS = ArgumentSpec(
    "cameras", "", f"Further cameras, with commas between: {', '.join(FURTHER_CAMERAS)}; those that the policy sees are there."
)
REAL_CAMERAS = ArgumentSpec("cameras", "", "Further cameras: a YAML file, as jaco_camera's README shows; empty: none.")
CALIBRATION = ArgumentSpec("calibration", "", "File of ROS's camera_calibration; empty: an ideal camera.")
# The shipped policies were trained on pictures of this view.
FIELD_OF_VIEW = ArgumentSpec("field_of_view", 46.0, "Vertical field of view of a camera without a calibration file [deg].")
WIDTH = ArgumentSpec("width", 64, "Width of the published picture [pixel].")
HEIGHT = ArgumentSpec("height", 64, "Height of the published picture [pixel].")
RATE = ArgumentSpec("rate", 10.0, "Camera images per second [Hz]; the policy acts on each.")
BACKEND = ArgumentSpec(
    "backend",
    "auto",
    "How the driver reaches the arm; auto: kortex where robot_ip is given, else fake.",
    ("auto", *backend_names()),
)
ROBOT_IP = ArgumentSpec("robot_ip", "", "Address of a Kortex arm.")
TCP_PORT = ArgumentSpec("tcp_port", 10000, "Its port for commands.")
UDP_PORT = ArgumentSpec("udp_port", 10001, "Its port for feedback.")
CREDENTIALS = ArgumentSpec(
    "credentials", "", "File with its user and password, a line each; empty: $JACO_KORTEX_USER and $JACO_KORTEX_PASSWORD."
)
CONTROLLERS = ArgumentSpec(
    "controllers", "generic", "Backend ros2_control: generic, ur, franka, kortex, or the path of a file like theirs."
)
CAMERA_POSE = ArgumentSpec("camera_pose", "nominal", "Where the camera is: a YAML file, or one of jaco_camera/perception/poses.")
START = ArgumentSpec("start", "random", "Where episodes start: as the task draws it, or at the arm's home.", ("random", "home"))
MOVE_EVERY = ArgumentSpec("move_every", 0, "Before every so many-th episode a person is asked to move the target; 0: never.")
MINUTES = ArgumentSpec("minutes", 0.0, "Minutes after which no episode begins any more, pauses not counted; 0: for ever.")

EXCITE = ArgumentSpec(
    "excite", 0.0, "Seconds of motion of every joint in place of policy and task, for `jaco identify`; 0: the policy acts."
)
EXTENT = ArgumentSpec("extent", 1.0, "Share of that motion's speeds, and of its reach about where the arm stands.")

LEARN = ArgumentSpec("learn", False, "true: the policy explores, and a learner in a process of its own improves it.")
STEPS = ArgumentSpec("steps", 0, "Control steps after which the running episode is the last one; 0: no such bound.")
METHOD = ArgumentSpec("method", "progressive", "What learns: a new column on the policy, or a baseline.", METHODS)
SIZE = ArgumentSpec(
    "size", "wide", "Size of a new column; felt and felt-maps read the joints, and see through the policy.", SIZES
)
ALGORITHM = ArgumentSpec(
    "algorithm",
    ASYMMETRIC,
    "How it learns: on each step once (actor-critic), on all so far (off-policy, with size felt), or so with critics that know "
    "where palm and objects are (asymmetric).",
    ALGORITHMS,
)
LEARNING_RATE = ArgumentSpec("learning_rate", Settings.learning_rate, "The learner's step size.")
CORRECTION_WEIGHT = ArgumentSpec(
    "correction_weight", Settings.correction_weight, "What an operator shows in mode guided, against reinforcement; 0: nothing."
)
OPERATOR_SHARE = ArgumentSpec(
    "operator_share", Settings.operator_share, "Share of a policy's speed at which an operator's motion stands for it."
)
LEARNING_DIR = ArgumentSpec(
    "learning_dir",
    "",
    "Folder for the learner's versions, gone on from if it has some; empty: learning in run_dir, or in runs.",
)

_COMMON = (ARM, TASK, POLICY, EPISODES, SEED, CURRICULUM, RUN_DIR)
_EXCITED = (EXCITE, EXTENT)
_PERCEIVED = (CAMERA_POSE, START, MOVE_EVERY, MINUTES)
SIM_ARGUMENTS = (*_COMMON, DETERMINISTIC, REALTIME, LOCKSTEP_TIMEOUT, PROFILE, MODE, CAMERAS, DEPTH, *_EXCITED)
_ARM = (BACKEND, ROBOT_IP, TCP_PORT, UDP_PORT, CREDENTIALS, CONTROLLERS)
_SEEN = (CAMERA, LOOP, CALIBRATION, FIELD_OF_VIEW, WIDTH, HEIGHT, RATE, DEPTH, REAL_CAMERAS)
_LEARNING = (STEPS, METHOD, SIZE, ALGORITHM, LEARNING_RATE, CORRECTION_WEIGHT, OPERATOR_SHARE, LEARNING_DIR)
REAL_ARGUMENTS = (*_COMMON, DETERMINISTIC, *_SEEN, *_ARM, REAL_MODE, *_PERCEIVED, *_EXCITED, LEARN, *_LEARNING)
# An update takes seconds on a busy machine, and the simulator waits for it.
LEARN_TIMEOUT = ArgumentSpec(LOCKSTEP_TIMEOUT.name, 60.0, LOCKSTEP_TIMEOUT.description)
LEARN_ARGUMENTS = (*_COMMON, REALTIME, LEARN_TIMEOUT, PROFILE, MODE, CAMERAS, DEPTH, *_LEARNING)


def complete(specs: tuple[ArgumentSpec, ...], given: Mapping[str, Value]) -> dict[str, Value]:
    """Returns `given` with the defaults of `specs` filled in.

    Raises:
        ConfigError: a name that is not in `specs`, a value of another type, or one that is not among the choices.
    """
    known = {spec.name: spec for spec in specs}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(f"Unknown argument {', '.join(unknown)}; known: {', '.join(known)}.")
    values: dict[str, Value] = {spec.name: spec.default for spec in specs}
    for name, value in given.items():
        values[name] = known[name].parse(str(value).lower() if isinstance(value, bool) else str(value))
    return values
