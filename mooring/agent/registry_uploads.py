"""The registry that layers go to: what it has, what it mounts, and uploads by chunks that go on
after a break."""

from __future__ import absolute_import, division, print_function

import re

from mooring.agent import host, http, urls
from mooring.agent.registry_answers import Refusal, Trouble, complain, name_of, read_length, send

MOST_LOCATION = 16 * 1024
RANGE = re.compile(r"^(?:bytes=)?0-([0-9]{1,18})\Z")
# A registry may hash all of a blob before it takes it: so many bytes a second at least.
HASH_RATE = 8 * 1024 * 1024
# What a registry answers whose upload is not what we think: a new one may be.
LOST = (400, 404, 416)


class Target(object):
    """A registry that is written to. `request` are the arguments of every http request."""

    def __init__(self, url, request, chunk_size):
        self.url, self.request, self.chunk_size = url.rstrip("/"), request, chunk_size

    def has(self, links, repository, digest, size):
        """Whether the blob is there; Refusal where one of another size is."""
        url = "%s/v2/%s/blobs/%s" % (self.url, repository, digest)
        answer = self.ask(links, "HEAD", url)
        if answer.status == 404:
            answer.close()
            return False
        if answer.status != 200:
            raise complain(answer, "does not say whether it has the blob")
        length = read_length(answer)
        answer.close()
        if length not in (None, size):
            raise Refusal("%s has the blob with %d bytes, not with %d: the size is wrong" % (
                name_of(url), length, size))
        return True

    def mount(self, links, repository, digest, origin):
        """Whether the blob is there now, by taking it from another repository."""
        query = http.urlencode([("mount", digest), ("from", origin)])
        answer = self.ask(links, "POST", "%s/v2/%s/blobs/uploads/?%s" % (self.url, repository, query))
        if answer.status in (201, 202):
            is_mounted = answer.status == 201
            if is_mounted:
                answer.close()
            else:
                self.cancel(links, self.location(answer, "begins no upload"))
            return is_mounted
        error = complain(answer, "mounts nothing")
        if isinstance(error, Trouble):
            raise error
        return False  # it does not like to mount; an upload may be another matter

    def begin(self, links, repository):
        """The location of a new upload."""
        answer = self.ask(links, "POST", "%s/v2/%s/blobs/uploads/" % (self.url, repository))
        return self.location(answer, "begins no upload")

    def location(self, answer, what, again=()):
        """The location that a 202 names, on the target's own place whatever name the
        registry has for itself."""
        if answer.status != 202:
            raise complain(answer, what, again)
        location = answer.header("location") or ""
        answer.close()
        try:
            parts = urls.split(urls.join(self.url + "/", location[:MOST_LOCATION]))
        except host.Failed:
            raise Refusal("%s names an upload that is not a URL" % name_of(self.url))
        if "/blobs/uploads/" not in parts.path or len(location) > MOST_LOCATION:
            raise Refusal("%s names no upload" % name_of(self.url))
        own = http.urlsplit(self.url)
        return parts._replace(scheme=own.scheme, netloc=own.netloc, fragment="").geturl()

    def cancel(self, links, location):
        """Tell the registry that nothing more comes; it forgets an upload by itself, only later."""
        try:
            self.ask(links, "DELETE", location).close()
        except (Refusal, Trouble):
            pass

    def ask(self, links, method, url, part=None, headers=None, seconds=0):
        """The Answer; its head may take `seconds` longer than usual."""
        headers = dict(headers or {})
        if part is not None:
            headers.update({"Content-Type": "application/octet-stream", "Content-Length": str(len(part))})
        elif method in ("POST", "PUT"):
            headers["Content-Length"] = "0"
        request = dict(self.request, links=links, timeout=self.request["timeout"] + seconds)
        return send(request, method, url, part or None, headers)


class Upload(object):
    """One blob's upload: bytes of its Spool, up to `offset`. One that the
    registry lost begins anew."""

    def __init__(self, target, links, repository, spool):
        self.target, self.links, self.repository, self.spool = target, links, repository, spool
        self.location, self.offset = None, 0

    def resume(self):
        """Go on with what an earlier run has noted, where the registry still has just that."""
        noted = self.spool.noted()
        if self._is_ours(noted):
            self.location, self.offset = host.native(noted["location"]), noted["offset"]
            try:
                if self._reached() == self.offset:
                    return
            except (Refusal, Trouble):
                pass
            self.lose()

    def _is_ours(self, noted):
        offset = noted.get("offset")
        return (noted.get("target") == self.target.url and noted.get("repository") == self.repository
                and isinstance(noted.get("location"), type(u"")) and isinstance(offset, int)
                and 0 < offset <= self.spool.size)

    def _reached(self):
        """How many bytes the registry has of it; None where it does not say."""
        answer = self.target.ask(self.links, "GET", self.location)
        if answer.status != 204:
            raise complain(answer, "has lost the upload")
        match = RANGE.match(answer.header("range") or "")
        answer.close()
        return int(match.group(1)) + 1 if match else None

    def has_chunk(self):
        """Whether the spool has a whole chunk that the registry has not."""
        return self.spool.size - self.offset >= self.target.chunk_size

    def send_chunks(self):
        """All whole chunks that there are, at once: a registry syncs its disk at the
        end of each PATCH."""
        left = self.spool.size - self.offset
        size = left - left % self.target.chunk_size
        if self.location is None:
            self.location, self.offset = self.target.begin(self.links, self.repository), 0
        end = self.offset + size
        headers = {"Content-Range": "%d-%d" % (self.offset, end - 1)}
        answer = self.target.ask(self.links, "PATCH", self.location, self.spool.slice(self.offset, size), headers)
        reached = RANGE.match(answer.header("range") or "")
        self.location = self.target.location(answer, "takes no chunk", LOST)
        if reached and int(reached.group(1)) != end - 1:
            raise Trouble("%s took another part of the chunk" % name_of(self.target.url))
        self.offset = end
        self.spool.note({"target": self.target.url, "repository": self.repository, "location": self.location,
                         "offset": end})

    def finish(self):
        """The rest, and the digest: the blob is there."""
        if self.location is None:
            self.location, self.offset = self.target.begin(self.links, self.repository), 0
        url = self.location + ("&" if "?" in self.location else "?") + http.urlencode([("digest", self.spool.digest)])
        part = self.spool.slice(self.offset, self.spool.size - self.offset)
        answer = self.target.ask(self.links, "PUT", url, part, seconds=self.spool.size // HASH_RATE)
        if answer.status != 201:
            raise complain(answer, "does not take the blob", LOST)
        answer.close()

    def persist(self, work, tries):
        """Do something with the upload; where the registry lost it, anew and from the
        spool's first byte on."""
        while True:
            try:
                return work()
            except Trouble as trouble:
                self.lose()
                tries.spend(trouble)

    def lose(self):
        """It begins anew: the registry has no more of it, or not what we think, or
        what it has is wrong."""
        location, self.location, self.offset = self.location, None, 0
        if location is not None:
            self.target.cancel(self.links, location)
