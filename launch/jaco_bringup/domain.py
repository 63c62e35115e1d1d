"""Where the ROS domains were before `jaco_core.domain`, under their old name."""

from jaco_core.domain import DomainTaken, RosDomain, take_domain, take_random_domain

__all__ = ["DomainTaken", "RosDomain", "take_domain", "take_random_domain"]
