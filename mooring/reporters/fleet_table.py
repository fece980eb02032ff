"""`invoke status` on the screen, or as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from mooring.records.fleet import NOTHING, Row, ServerRecord, Service
from mooring.reporters.remedies import is_command
from mooring.reporters.screen import Screen

COLUMNS = ("host", "engine", "registry", "Docker Hub", "drift")
SERVER_COLUMNS = ("server", "registry", "nginx", "certificate", "disk", "mirror")
GIB = 1024**3
# From these on they are worth a colour: days left, and the share of the disk that is free.
FEW_DAYS, LITTLE = 30, 0.1

Cell = str | tuple[str, str]


def write_rows(rows: Sequence[Row], stream: TextIO | None = None, quiet: bool = False) -> None:
    """The table, a row more for each server, then what there is to say of single hosts,
    and what to do there.

    `quiet` leaves out the hosts that are as they should be, and ends with their number.
    """
    screen = Screen(stream)
    if not quiet:
        _write_table(screen, rows)
        return
    troubled = [row for row in rows if not is_well(row)]
    if troubled:
        _write_table(screen, troubled)
    total = f"{len(rows)} host{'s' if len(rows) != 1 else ''}"
    verdict = f"{len(troubled)} not as {'they' if len(troubled) > 1 else 'it'} should be"
    screen.write(f"{total}: {verdict if troubled else 'all as they should be'}", "bold")


def is_well(row: Row) -> bool:
    """Whether nothing on the host needs attention."""
    cells = _server_cells(row.server) if row.server else []
    is_server_well = all(isinstance(cell, str) or cell[1] == "green" for cell in cells)
    return is_server_well and not (row.has_drifted or row.is_unreachable or row.do)


def _write_table(screen: Screen, rows: Sequence[Row]) -> None:
    screen.write_table(COLUMNS, [_cells(row) for row in rows])
    servers = [[row.host, *_server_cells(row.server)] for row in rows if row.server]
    if servers:
        screen.write()
        screen.write_table(SERVER_COLUMNS, servers)
    for row in rows:
        with screen.section():
            for note in row.notes:
                screen.write(f"{row.host}: {note}", "dim")
            if is_command(row.do):
                screen.write(f"{row.host}: {row.drift}; run:")
                screen.write_command(row.do, "  ")
            elif row.do:
                screen.write(f"{row.host}: {row.drift}; {row.do}")


def _cells(row: Row) -> list[str | tuple[str, str]]:
    style = "red" if row.is_unreachable else "yellow" if row.has_drifted else "green"
    return [row.host, f"{row.engine} {row.version}".replace("- -", "-"), row.registry, row.hub, (row.drift, style)]


def _server_cells(server: ServerRecord) -> list[Cell]:
    return [_service(server.registry), _service(server.nginx), _certificate(server), _disk(server), _mirror(server)]


def _service(service: Service) -> Cell:
    return service.word, "green" if service.is_well else "red"


def _mirror(server: ServerRecord) -> Cell:
    mirror = server.mirror
    if mirror is None:
        return NOTHING
    return "off" if mirror.absence else (mirror.word, "red" if mirror.stopped else "green")


def _certificate(server: ServerRecord) -> Cell:
    certificate = server.certificate
    if certificate is None:
        return "no TLS"
    left = certificate["days_left"]
    if left is None:
        return "not seen", "red"
    if left < 0:
        return "expired", "red"
    text = f"{left} day{'s' if left != 1 else ''} left"
    if certificate["missing_names"]:
        return f"{text}, lacks {', '.join(certificate['missing_names'])}", "red"
    if certificate["trusted"] is False:
        return f"{text}, not trusted", "red"
    return text, "yellow" if left < FEW_DAYS or certificate["problems"] else "green"


def _disk(server: ServerRecord) -> Cell:
    disk = server.disk
    if disk is None:
        return ("in trouble", "red") if server.storage else ("not seen", "yellow")
    text = f"{disk.free_bytes / GIB:.1f} of {disk.total_bytes / GIB:.1f} GiB free"
    if server.storage:
        return f"{text}, in trouble", "red"
    return text, "green" if disk.free_bytes > LITTLE * disk.total_bytes else "yellow"
