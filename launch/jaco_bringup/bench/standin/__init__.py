"""The real graph without a camera and an arm: a drawn scene that follows the joint states of the driver's fake arm."""

from jaco_bringup.bench.standin.bench import measure as measure
from jaco_bringup.bench.standin.bench import standin_graph as standin_graph
