"""The way to an SSH server: sockets, jump hosts, key exchange, the check of the host's key,
log-in."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess

import paramiko

from mooring.deadline import Deadline
from mooring.errors import ConnectionLost, HostUnreachable
from mooring.transport.connection.known_hosts import HostKey, KnownHosts
from mooring.transport.connection.line import Line
from mooring.transport.connection.login import Login
from mooring.transport.connection.settings import ConnectionSettings, Keys
from mooring.transport.connection.ssh_config import Target, resolve, resolve_jump
from mooring.transport.connection.transport import Transport

# A ProxyCommand that does not end when it is asked to.
END_SECONDS = 2.0
# Of the words of a server, in a message.
LONGEST_WORDS = 500


class Route:
    """The way to one host: a transport for each hop, the last one the host's own. The deadline is
    for all of it."""

    def __init__(self, settings: ConnectionSettings, deadline: Deadline, keys: Keys) -> None:
        self._settings, self._deadline, self._keys = settings, deadline, keys
        self._accepts_new = settings.accepts_new_host_keys
        self._command: subprocess.Popen[bytes] | None = None
        self.transports: list[Transport] = []
        self.local_address: str | None = None
        self.timeout = 0.0

    def travel(self) -> None:
        """Connect hop by hop and log in at each."""
        settings = self._settings
        target = resolve(settings.address, settings.overrides, settings.config_file, self._accepts_new)
        self.timeout = target.timeout
        self._deadline.widen(target.timeout)
        via = self._visit_hops(target, ())
        self._enter(target, via, settings.password, settings.key_file)

    def limit(self, deadline: Deadline) -> None:
        """Let all lines end at that time."""
        for transport in self.transports:
            transport.line.deadline = deadline

    def _visit_hops(self, target: Target, way: tuple[str, ...]) -> Transport | None:
        """Open the jump hosts before a target; a hop of its own configuration may
        have some in turn."""
        via: Transport | None = None
        for hop in target.proxy_jump:
            if hop in way:
                raise HostUnreachable(f"ProxyJump goes in a circle: {' -> '.join((*way, hop))}")
            jump = resolve_jump(hop, self._settings.config_file, self._accepts_new)
            before = via or self._visit_hops(jump, (*way, hop))
            try:
                via = self._enter(jump, before, None, None)
            except HostUnreachable as error:
                raise type(error)(f"jump host {hop}: {error.reason}") from None
        return via

    def _enter(self, target: Target, via: Transport | None, password: str | None, key_file: str | None) -> Transport:
        sock: paramiko.Channel | socket.socket
        self.local_address = None
        if via is not None:
            sock = _open_tunnel(via, target)
        elif target.proxy_command is not None:
            sock = self._start_command(target)
        else:
            sock = direct = _connect(target, self._deadline)
            self.local_address = direct.getsockname()[0]
        known_hosts = self._keys.known_hosts
        transport = _exchange_keys(Line(sock, self._deadline), target, known_hosts)
        self.transports.append(transport)
        key = transport.get_remote_server_key()
        shown = HostKey(key.get_name(), base64.b64encode(key.asbytes()).decode())
        target.host_key.check(shown, known_hosts)
        Login(transport, target, self._keys.store, password, key_file).log_in(self._deadline)
        transport.watch(target.alive_seconds, target.alive_count)
        return transport

    def _start_command(self, target: Target) -> socket.socket:
        """ProxyCommand with a socket of its own as standard input and output."""
        own, other = socket.socketpair()
        with other:
            self._command = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {target.proxy_command}"],
                stdin=other.fileno(),
                stdout=other.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return own

    def close(self) -> None:
        """End all hops, the last one first, and the ProxyCommand."""
        for transport in reversed(self.transports):
            with contextlib.suppress(OSError, EOFError):
                transport.close()
        if self._command is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._command.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._command.wait(END_SECONDS)
                    break


def _connect(target: Target, deadline: Deadline) -> socket.socket:
    """A TCP connection without Nagle's delay, that notices a dead peer; every failure named."""
    try:
        sock = _open_socket(target, deadline)
    except socket.gaierror as error:
        reason = f"the name {target.host} is not known ({error.strerror}): check ansible_host, DNS and /etc/hosts"
        raise HostUnreachable(reason) from None
    except TimeoutError:
        reason = f"{target} did not answer within {target.timeout:g} seconds: is it up, does a firewall drop packets?"
        raise ConnectionLost(reason) from None
    except ConnectionRefusedError:
        raise ConnectionLost(f"{target} refuses the connection: does sshd run on that port?") from None
    except OSError as error:
        raise ConnectionLost(f"{target} cannot be reached: {error.strerror or error}") from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT") and target.alive_seconds:
        limit = target.alive_seconds * target.alive_count * 1000
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit)
    return sock


def _open_socket(target: Target, deadline: Deadline) -> socket.socket:
    """A connection to the first of the host's addresses that takes one; a name may have
    any number of them."""
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(target.host, target.port, 0, socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.within(target.timeout) or 0.001)  # 0 would mean not to wait at all
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
            if deadline.is_over:
                break
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def _open_tunnel(via: Transport, target: Target) -> paramiko.Channel:
    try:
        return via.open_channel("direct-tcpip", (target.host, target.port), ("127.0.0.1", 0), timeout=target.timeout)
    except paramiko.ChannelException as error:
        raise ConnectionLost(f"the jump host cannot reach {target}: {error.text}") from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        reason = via.trouble or str(error)[:LONGEST_WORDS]
        raise ConnectionLost(f"the jump host did not open a way to {target}: {reason}") from None


def _exchange_keys(line: Line, target: Target, known_hosts: KnownHosts) -> Transport:
    """Greeting and key exchange; asks for a host key of a type that we could check."""
    transport = Transport(line)
    transport.banner_timeout = transport.handshake_timeout = target.timeout
    security = transport.get_security_options()
    kinds = target.host_key.known_kinds(known_hosts)
    wanted = [kind for kind in security.key_types if kind in kinds or (kind[:3] == "rsa" and "ssh-rsa" in kinds)]
    security.key_types = [*wanted, *(kind for kind in security.key_types if kind not in wanted)]
    try:
        transport.start_client(timeout=target.timeout)
        transport.get_remote_server_key()  # fails when time was up, which start_client does not tell
    except paramiko.ssh_exception.IncompatiblePeer as error:
        transport.close()
        raise ConnectionLost(_explain_mismatch(target, transport, str(error))) from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        raise ConnectionLost(_explain_broken_greeting(target, transport, str(error))) from None
    return transport


def _explain_mismatch(target: Target, transport: Transport, error: str) -> str:
    kinds = {"kex": "kex algos", "host key": "server key", "ciphers": "server encrypt", "macs": "server mac"}
    error = error[:LONGEST_WORDS]
    kind = next((kind for word, kind in kinds.items() if word in error), "kex algos")
    offered = transport.offers.get(kind, "nothing known")
    return (
        f"{target} and this machine have no common algorithm: {error}. It offers only {offered}. "
        "Its SSH server is too old or too restricted: update it or allow a newer algorithm there"
    )


def _explain_broken_greeting(target: Target, transport: Transport, error: str) -> str:
    if transport.trouble:
        return f"{target}: {transport.trouble}"
    if not transport.remote_version:
        return (
            f"{target} closed the connection, or kept silent, before SSH's greeting: is that port an SSH server, "
            "is it still starting, is it too busy (MaxStartups), does it refuse this address?"
        )
    return f"{target} broke the connection during key exchange: {error[:LONGEST_WORDS] or 'no reason given'}"
