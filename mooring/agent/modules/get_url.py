"""Download a file over HTTP, where it is missing or differs."""

from __future__ import absolute_import, division, print_function

import email.utils
import hashlib
import os
import re
import time

from mooring.agent import files, host, http
from mooring.agent.names import raw

ARGS = dict(http.URL_ARGS)
ARGS.update({
    "dest": {"type": "path", "required": True},
    "checksum": {"default": ""},
    "headers": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 10},
    "backup": {"type": "bool", "default": False},
})
ARGS.update(files.FILE_ARGS)
ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
FILENAME = re.compile(r"filename=\"?([^\";]+)", re.I)


def run(args):
    """Download beside the destination, check, and put it in place."""
    return fetch(args, store)


def predict(args):
    """In check mode: the download is only counted and compared."""
    return fetch(args, weigh)


def fetch(args, take):
    """The steps of both: what need not be loaded is not asked for."""
    algorithm, wanted = parse_checksum(args)
    dest = args["dest"]
    values = {"dest": dest, "url": http.shown(args["url"]), "elapsed": 0, "changed": False,
              "checksum_src": None, "checksum_dest": None, "src": None}
    there = None if os.path.isdir(raw(dest)) else files.digest(dest, algorithm or "sha1")
    if there and wanted == there and not args["force"]:
        return finish(args, dict(values, msg="file already exists"), take)
    start = time.time()
    headers = {str(name): str(value) for name, value in args["headers"].items()}
    if there and not wanted and not args["force"]:
        headers["If-Modified-Since"] = email.utils.formatdate(os.path.getmtime(raw(dest)), usegmt=True)
    answer = http.send(args, "GET", headers=headers, follow="all")
    values.update(status_code=answer.status, url=answer.url)
    if answer.status == 304:
        return finish(args, dict(values, msg="HTTP Error 304: %s" % answer.reason), take)
    if answer.status != 200:
        raise host.Failed("Request failed", response="HTTP Error %d: %s" % (answer.status, answer.reason), **values)
    if os.path.isdir(raw(dest)):
        values["dest"] = os.path.join(dest, file_name(answer))
    values["msg"] = "OK (%s bytes)" % (answer.header("content-length") or "unknown")
    values["checksum_dest"] = files.digest(values["dest"])
    values.update(take(args, values, Download(answer, algorithm, wanted)))
    values["elapsed"] = int(time.time() - start)
    return finish(args, values, take)


def finish(args, values, take):
    """The attributes of what is there now; a check run only compares them."""
    now = files.attributes(values["dest"], follow=False)
    if now is None:
        return values
    after = files.wanted_attributes(args, now)
    if any(now.get(key) != value for key, value in after.items()):
        values["changed"] = True
        if take is store:
            files.apply_attributes(values["dest"], args)
    return dict(files.path_info(values["dest"]), **values)


class Download(object):
    """An answer's body on its way, with its digests."""

    def __init__(self, answer, algorithm, wanted):
        self.answer, self.algorithm, self.wanted = answer, algorithm, wanted
        self.sha1, self.asked = hashlib.sha1(), hashlib.new(algorithm or "sha1")
        self.md5 = files.new_md5()

    def chunks(self):
        done, total = 0, int(self.answer.header("content-length") or 0)
        for chunk in self.answer.chunks():
            self.sha1.update(chunk)
            self.asked.update(chunk)
            if self.md5:
                self.md5.update(chunk)
            done += len(chunk)
            host.progress("downloading %s" % self.answer.url.rpartition("/")[2], done, total)
            yield chunk
        if self.wanted and self.asked.hexdigest() != self.wanted:
            raise host.Failed("The checksum for %s did not match %s; it was %s." % (
                self.answer.url, self.wanted, self.asked.hexdigest()), url=self.answer.url)


def weigh(args, values, download):
    """What a download would change."""
    for _ in download.chunks():
        pass
    sha1 = download.sha1.hexdigest()
    return {"checksum_src": sha1, "changed": sha1 != values["checksum_dest"]}


def store(args, values, download):
    """The download in its place, if it differs from what is there."""
    dest = values["dest"]
    folder = os.path.dirname(dest) or "."
    if not os.path.isdir(raw(folder)):
        raise host.Failed("Destination %s does not exist" % folder, **values)
    done = {}
    with files.Draft(dest, args) as draft:
        draft.write(download.chunks())
        done["checksum_src"] = download.sha1.hexdigest()
        done["changed"] = done["checksum_src"] != values["checksum_dest"]
        if done["changed"]:
            if args["backup"] and os.path.exists(raw(dest)):
                done["backup_file"] = draft.backup()
            draft.commit(args["unsafe_writes"])
    done["md5sum"] = download.md5 and download.md5.hexdigest()
    return done


def file_name(answer):
    """The name in a directory: the server's, without any path, or the URL's."""
    named = FILENAME.search(answer.header("content-disposition") or "")
    name = os.path.basename(named.group(1).strip()) if named else ""
    return name or os.path.basename(http.urlsplit(answer.url).path) or "index.html"


def parse_checksum(args):
    """(algorithm, hex digest) of "sha256:..."; behind the colon may also be the URL of a
    list of checksums."""
    if not args["checksum"]:
        return None, None
    algorithm, separator, value = args["checksum"].partition(":")
    if not separator or algorithm not in ALGORITHMS:
        raise host.Failed("The checksum parameter has to be in format <algorithm>:<checksum>", dest=args["dest"])
    if value.startswith(("http://", "https://")):
        value = look_up(args, value)
    value = re.sub(r"\W+", "", value).lower()
    if not re.match("^[0-9a-f]+$", value):
        raise host.Failed("The checksum format is invalid", dest=args["dest"])
    return algorithm, value


def look_up(args, url):
    """The digest of this file in a list such as sha256sum writes."""
    answer = http.send(dict(args, url=url), "GET", follow="all")
    if answer.status != 200:
        raise host.Failed("Request failed", status_code=answer.status, url=answer.url)
    name = os.path.basename(http.urlsplit(args["url"]).path)
    lines = [line.split() for line in answer.body().decode("utf-8", "replace").splitlines()]
    if len(lines) == 1 and len(lines[0]) == 1:
        return str(lines[0][0])
    for words in lines:
        if len(words) == 2 and os.path.basename(words[1].lstrip("*")) == name:
            return str(words[0])
    raise host.Failed("Unable to find a checksum for file '%s' in '%s'" % (name, answer.url))
