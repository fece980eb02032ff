"""A small HTTP server for data cases, with canned answers; Python 2.7 runs it too."""

from __future__ import absolute_import, division, print_function

import ssl
import threading

try:
    from http.server import BaseHTTPRequestHandler, HTTPServer
except ImportError:
    from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers METHOD PATH as the case says; whatever is not listed is 404. Requests are
    recorded."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8")
        for entry in self.server.answers:
            if entry["request"] == "%s %s" % (self.command, self.path) and self.fits(entry):
                break
        else:
            entry = {"status": 404, "body": "nothing here"}
        parts = ["%s %s" % (self.command, self.path)]
        parts += ["%s: %s" % (name, self.headers[name]) for name in self.server.shown if name in self.headers]
        self.server.requests.append("\n".join(parts + ([body] if body else [])))
        content = entry.get("body", "").encode("utf-8")
        self.send_response(entry.get("status", 200))
        for name, value in sorted(entry.get("headers", {}).items()):
            self.send_header(name, value)
        self.send_header("Content-Length", str(entry.get("length", len(content))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def fits(self, entry):
        """Whether the request carries the headers that the entry wants."""
        return all(self.headers.get(name) == value for name, value in entry.get("given", {}).items())

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(HTTPServer):
    """HTTP on a port of the loopback interface, while a `with` block lasts."""

    allow_reuse_address = True

    def __init__(self, port, answers, shown=(), tls=None):
        HTTPServer.__init__(self, ("127.0.0.1", port), Handler)
        self.answers, self.shown, self.requests = answers, shown, []
        if tls:
            context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_SERVER", ssl.PROTOCOL_SSLv23))
            context.load_cert_chain(tls["cert"], tls["key"])
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.daemon = True
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """A client that refuses our certificate is no error of the server."""
