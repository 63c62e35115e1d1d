"""What the emulated base says instead of doing something."""

from __future__ import annotations

from jaco_driver.kortex_wire.codes import ErrorCode, SubError


class Refusal(Exception):
    """The base does not do what it was asked; the client receives the codes and the sentence."""

    def __init__(self, sub_error: SubError, text: str, error: ErrorCode = ErrorCode.DEVICE) -> None:
        super().__init__(text)
        self.error = error
        self.sub_error = sub_error
