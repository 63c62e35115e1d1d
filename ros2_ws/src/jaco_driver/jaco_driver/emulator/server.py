"""The emulated base on the network: a TCP port at the pace of the high-level API, and a UDP port for the cyclic one.

The high-level API has a tick of 25 ms: a request waits for the next one, and each connection gets one answer per tick. So a
client that waits for each answer runs at 40 Hz, as users of the real base report.

Everything happens in one event loop, the arm's motion too: nothing needs a lock, and a byte that has come in is heard before the
silence before it is judged.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from jaco_driver.emulator.base import Base
from jaco_driver.emulator.procedures import Procedures
from jaco_driver.emulator.sessions import Connection
from jaco_driver.emulator.troubles import Troubles
from jaco_driver.kortex_wire.codes import ErrorCode, FrameType
from jaco_driver.kortex_wire.frames import Frame, StreamSplitter, WireError, decode_frame, wrap

# [s] The tick of the high-level API, and how long an answer of the cyclic one takes.
TCP_TICK_S, UDP_DELAY_S = 0.025, 0.002
# [s] How often the arm's motion is brought up to date when nobody asks.
REFRESH_S = 0.002
# No message begins so: a field with the number 0.
GARBAGE = b"\x07\x07\x07"

Step = Callable[[], None]


class Server:
    """Listens, hands requests to the base, sends answers when their time has come. All calls belong into the event loop."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.procedures = Procedures(base, self._notify)
        self.connections: list[TcpConnection] = []
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(0)
        self._to_lose = 0
        self._refreshed_ns = time.monotonic_ns()
        self.longest_pause_ns = 0
        """The longest time for which this process did not come to refresh the arm; whoever reads it may set it back to 0."""
        self._waiting: deque[Step] = deque()
        self._clients: dict[tuple[str, int], UdpConnection] = {}
        self._listener: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._refreshing = self._loop.call_soon(self._refresh)

    async def open(self, host: str, tcp_port: int, udp_port: int) -> tuple[int, int]:
        """Listens and returns the ports, which the system chooses where 0 is given. Raises OSError when one is taken."""
        self._listener = await self._loop.create_server(lambda: TcpConnection(self), host, tcp_port)
        self._datagrams, _ = await self._loop.create_datagram_endpoint(lambda: UdpListener(self), (host, udp_port))
        return self._listener.sockets[0].getsockname()[1], self._datagrams.get_extra_info("sockname")[1]

    def close(self) -> None:
        """Stops listening and closes every connection."""
        self._refreshing.cancel()
        if self._listener is not None:
            self._listener.close()
        if self._datagrams is not None:
            self._datagrams.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Closes every TCP connection without a word, as a base that restarts does."""
        for connection in list(self.connections):
            connection.abort()

    def lose_datagrams(self, count: int) -> None:
        """Loses the next `count` datagrams that clients send."""
        self._to_lose += count

    def set_troubles(self, troubles: Troubles) -> None:
        """Switches troubles on and off. What came while the base hung is worked off when it goes on."""
        if troubles.switched_off:
            self.drop_connections()
            self.procedures.sessions.forget()
            self._waiting.clear()
            self.base.lose_power()
        self.base.set_troubles(troubles)
        self.base.report()
        while self._waiting and not self.base.troubles.hung:
            self._waiting.popleft()()

    def do(self, step: Step) -> None:
        """Does `step`, when the base does not hang any more if it does."""
        if self.base.troubles.hung:
            self._waiting.append(step)
        else:
            step()

    def later(self, seconds: float, step: Step) -> None:
        """Does `step` in `seconds` [s]."""
        self._loop.call_later(seconds, lambda: self.do(step))

    def at_next_tick(self, step: Step) -> None:
        """Does `step` at the next tick of the high-level API."""
        now = self._loop.time()
        self._loop.call_at((math.floor(now / TCP_TICK_S) + 1) * TCP_TICK_S, lambda: self.do(step))

    def answer(self, data: bytes, connection: Connection) -> Frame:
        """Lets the base do what `data` asks for and returns the response."""
        now_ns = time.monotonic_ns()
        self.base.advance(now_ns)
        try:
            request = decode_frame(data)
        except WireError as error:
            return Frame(FrameType.RESPONSE, 0, 0, 0).refuse(0, ErrorCode.PROTOCOL_SERVER, error.sub_error, str(error))
        answer = self.procedures.answer(request, connection, now_ns)
        return replace(answer, payload=GARBAGE) if self.base.troubles.garbled_replies else answer

    def client(self, address: tuple[str, int]) -> UdpConnection:
        """Returns the connection of the UDP client at `address`."""
        if address not in self._clients:
            self._clients[address] = UdpConnection(self, address)
        return self._clients[address]

    def lost(self) -> bool:
        """Tells whether the next datagram gets lost."""
        if self.base.troubles.switched_off:
            return True
        if self._to_lose:
            self._to_lose -= 1
            return True
        return self._random.random() < self.base.troubles.lost_datagrams

    def send_datagram(self, data: bytes, address: tuple[str, int]) -> None:
        """Sends a datagram, if it does not get lost."""
        if self._datagrams is not None and self._random.random() >= self.base.troubles.lost_datagrams:
            self._datagrams.sendto(data, address)

    def _notify(self, connection: Connection, frame: Frame) -> None:
        delay = self.base.troubles.late_notifications
        if delay:
            self.later(delay, lambda: connection.send(frame))
        else:
            self.do(lambda: connection.send(frame))

    def _refresh(self) -> None:
        now_ns = time.monotonic_ns()
        self.longest_pause_ns = max(self.longest_pause_ns, now_ns - self._refreshed_ns)
        self._refreshed_ns = now_ns
        self.base.advance(now_ns)
        self.procedures.listen(now_ns)
        self._refreshing = self._loop.call_later(REFRESH_S, self._refresh)


class TcpConnection(asyncio.Protocol, Connection):
    """One client on TCP: its requests are done and answered one after another, one per tick."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._splitter = StreamSplitter()
        self._requests: deque[bytes] = deque()
        self._waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.name = "{}:{}".format(*transport.get_extra_info("peername"))
        self._server.connections.append(self)
        if self._server.base.troubles.switched_off:
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        self._server.connections.remove(self)

    def data_received(self, data: bytes) -> None:
        self._server.do(lambda: self._take(data))

    def send(self, frame: Frame) -> None:
        # One write for prefix and frame: clients drop a prefix that comes in two pieces.
        if not self._transport.is_closing():
            self._transport.write(wrap(frame.encode()))

    def abort(self) -> None:
        """Closes the connection at once."""
        self._transport.abort()

    def _take(self, data: bytes) -> None:
        try:
            self._requests.extend(self._splitter.feed(data))
        except WireError:
            self.abort()
            return
        self._wait()

    def _wait(self) -> None:
        if self._requests and not self._waiting:
            self._waiting = True
            self._server.at_next_tick(self._work)

    def _work(self) -> None:
        self._waiting = False
        if self._server.base.troubles.switched_off:
            return
        # What came is done, also when the client has gone since.
        response = self._server.answer(self._requests.popleft(), self)
        late = self._server.base.troubles.late_replies
        if late:
            self._server.later(late, lambda: self.send(response))
        else:
            self.send(response)
        self._wait()


class UdpConnection(Connection):
    """One client on UDP, known by its address."""

    def __init__(self, server: Server, address: tuple[str, int]) -> None:
        self.name = "{}:{}".format(*address)
        self._server = server
        self._address = address

    def send(self, frame: Frame) -> None:
        self._server.send_datagram(frame.encode(), self._address)


class UdpListener(asyncio.DatagramProtocol):
    """Takes datagrams and answers each in its own time."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if not self._server.lost():
            self._server.do(lambda: self._take(data, address))

    def _take(self, data: bytes, address: tuple[str, int]) -> None:
        connection = self._server.client(address)
        response = self._server.answer(data, connection)
        self._server.later(UDP_DELAY_S, lambda: connection.send(response))
