"""A mirror with TLS from an authority that no system trusts: on a client, in front of
the lab's registry."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab_hosts import LookedAt, until

NAME = "mirror.example.com"
FOLDER = "/run/drill-mirror"
# Runs on the client. What it is asked for is noted, line by line.
PROGRAM = """\
import http.server, ssl, urllib.error, urllib.request
class Mirror(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        headers = {"Accept": self.headers.get("Accept", "*/*")}
        url = "http://registry.example.com" + self.path
        try:
            answer = urllib.request.urlopen(urllib.request.Request(url, method=self.command, headers=headers))
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "Docker-Content-Digest", "Docker-Distribution-Api-Version"):
            if answer.headers.get(name):
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", answer.headers.get("Content-Length") or str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_HEAD = do_GET
    def log_message(self, template, *values):
        with open("FOLDER/asked", "a") as log:
            log.write(template % values + "\\n")
server = http.server.ThreadingHTTPServer(("", 443), Mirror)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("FOLDER/mirror.crt", "FOLDER/mirror.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
""".replace("FOLDER", FOLDER)


@dataclass(frozen=True)
class TlsMirror:
    """The mirror on CLIENT; `authority` is the certificate of its CA, on the control machine."""

    client: LookedAt
    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.crt"

    def start(self) -> None:
        """By an address that is not loopback, where every engine waives TLS's verification."""
        self._make_certificates()
        self.client.run(f"mkdir -p {FOLDER}; echo '{self.client.host.address} {NAME}' >> /etc/hosts")
        for name in ("mirror.crt", "mirror.key"):
            self._write(name, (self.folder / name).read_text())
        self._write("mirror.py", PROGRAM)
        self._write("asked", "")
        self.client.run(f"systemd-run --unit=drill-mirror --quiet python3 {FOLDER}/mirror.py")
        until(lambda: self.client.succeeds("ss -tln | grep -q ':443 '"), f"{NAME} listens")

    def stop(self) -> None:
        # /etc/hosts is a mount in the lab, so it is written in place.
        self.client.run(
            f"systemctl stop drill-mirror; rm -r {FOLDER};"
            f" hosts=$(grep -v ' {NAME}$' /etc/hosts); printf '%s\\n' \"$hosts\" > /etc/hosts"
        )

    def requests(self) -> list[str]:
        """The requests so far."""
        return self.client.lines(f"cat {FOLDER}/asked")

    def _write(self, name: str, text: str) -> None:
        self.client.run(f"cat > {FOLDER}/{name} <<'END'\n{text.rstrip()}\nEND\ntrue")

    def _make_certificates(self) -> None:
        (self.folder / "names").write_text(f"subjectAltName=DNS:{NAME}\n")
        self._openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.crt -subj /CN=drill")
        self._openssl(f"req -newkey rsa:2048 -nodes -keyout mirror.key -out mirror.csr -subj /CN={NAME}")
        self._openssl(
            "x509 -req -in mirror.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile names -out mirror.crt"
        )

    def _openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)
