"""Errors that reach people. Each carries one sentence with the actual values and what to do."""


class JacoError(Exception):
    """Base of every error that jaco raises on purpose; its text is shown without a traceback."""


class ConfigError(JacoError):
    """A parameter, file or name that was given does not exist or is out of bounds."""


class ContractError(JacoError):
    """Two parts that must agree (checkpoint and arm, camera and policy, message and arm) do not."""


class TimeoutExceeded(JacoError):
    """A bounded wait ran out. The text names what was waited for and where to look."""


class HardwareFault(JacoError):
    """A device stopped answering or reported a fault."""
