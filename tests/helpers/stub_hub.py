"""A hub on the loopback: it serves files, refuses as it is told, and keeps what it is sent.

It answers as the hub's protocol is documented. What passes with it shows that the client finishes,
and not that the hub would take it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from huggingface_hub import close_session, constants

Files = dict[str, bytes]


@dataclass(kw_only=True)
class Fault:
    """What the hub answers instead, to requests whose method and path have `where` in them.

    code: of X-Error-Code. cut: the answer itself, but its body ends after so many bytes. times: how
    often; None for always.
    """

    where: str = ""
    status: int = 200
    code: str = ""
    cut: int | None = None
    times: int | None = None


@dataclass(kw_only=True)
class Repository:
    """The files of each commit; the last one is `main`."""

    commits: dict[str, Files] = field(default_factory=dict)

    @property
    def head(self) -> Files:
        return next(reversed(self.commits.values()), {})

    def at(self, revision: str) -> Files | None:
        return self.head if revision == "main" else self.commits.get(revision)


class StubHub:
    """Repositories by kind and id, as in the hub's paths: `models/org/name`."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.stored: Files = {}  # large files, by sha256
        self.fault: Fault | None = None
        self.asked: list[str] = []  # method and path of each request
        self.tokens: set[str | None] = set()
        self.messages: list[str] = []  # of commits
        self.endpoint = ""

    def add(self, name: str, files: Mapping[str, bytes]) -> str:
        """Put a repository there; returns its commit."""
        commit = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        self.repositories.setdefault(name, Repository()).commits[commit] = dict(files)
        return commit

    def commit(self, repository: Repository, lines: list[dict[str, Any]]) -> str:
        """Apply the lines of a commit; returns its id."""
        files = dict(repository.head)
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "header":
                    self.messages.append(value["summary"])
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.stored[value["oid"]]
        commit = hashlib.sha1(json.dumps([lines, len(repository.commits)]).encode()).hexdigest()
        repository.commits[commit] = files
        return commit


@contextmanager
def served() -> Generator[StubHub]:
    """A stub that answers until the block ends."""
    hub = StubHub()

    class Handler(_Handler):
        stub = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def connect(monkeypatch: pytest.MonkeyPatch, hub: StubHub, cache: Path) -> None:
    """Let the hub's client in this process ask `hub`, with a token, and wait for nothing."""
    template = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    for name, value in {
        "ENDPOINT": hub.endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": template,
        "HF_HUB_CACHE": str(cache),
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_XET": True,
    }.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    close_session()


ROUTES = {
    r"(GET) /api/(\w+/[^/]+/[^/]+)/revision/([^/]+)": "info",
    r"(GET) /api/(\w+/[^/]+/[^/]+)/tree/([^/]+)": "tree",
    r"(GET|HEAD) /(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)": "resolve",
    r"(POST) /api/repos/create": "create",
    r"(POST) /api/validate-yaml": "validate",
    r"(POST) /api/(\w+/[^/]+/[^/]+)/preupload/([^/]+)": "preupload",
    r"(POST) /([^/]+/[^/]+)\.git/info/lfs/objects/batch": "batch",
    r"(PUT) /stored/(\w+)": "put",
    r"(POST) /api/(\w+/[^/]+/[^/]+)/commit/([^/]+)": "commit",
}


class _Handler(BaseHTTPRequestHandler):
    stub: StubHub
    protocol_version = "HTTP/1.1"

    def do_any(self) -> None:
        request = f"{self.command} {unquote(urlsplit(self.path).path)}"
        self.stub.asked.append(request)
        self.stub.tokens.add(self.headers["Authorization"])
        self.body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        fault = self.stub.fault
        self.fault = fault if fault and fault.where in request and fault.times != 0 else None
        if self.fault and self.fault.times:
            self.fault.times -= 1
        if self.fault and self.fault.status != 200:
            # The client waits as long as it is told, and a second more.
            self.refuse(self.fault.status, self.fault.code, **{"Retry-After": "0"})
            return
        for route, name in ROUTES.items():
            if match := re.fullmatch(route, request):
                getattr(self, name)(*match.groups()[1:])
                return
        self.refuse(404, "RepoNotFound")

    do_GET = do_HEAD = do_POST = do_PUT = do_any  # noqa: N815 - http.server calls these

    def info(self, name: str, revision: str) -> None:
        if self.files(name, revision) is not None:
            commit = list(self.stub.repositories[name].commits)[-1]
            self.answer(json.dumps({"id": name.partition("/")[2], "sha": commit}).encode())

    def tree(self, name: str, revision: str) -> None:
        if (files := self.files(name, revision)) is not None:
            entries = [
                {"type": "file", "path": path, "size": len(data), "oid": _git_oid(data)}
                for path, data in files.items()
            ]
            self.answer(json.dumps(entries).encode())

    def resolve(self, datasets: str | None, name: str, revision: str, path: str) -> None:
        files = self.files(f"{datasets or 'models/'}{name}", revision)
        if files is None:
            return
        if path not in files:
            self.refuse(404, "EntryNotFound")
            return
        data = files[path]
        about = {"X-Repo-Commit": revision, "ETag": f'"{_git_oid(data)}"'}
        begin = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if begin is None:
            self.answer(data, **about)
        else:
            self.answer(data[int(begin[1]) :], status=206, **about)

    def create(self) -> None:
        value = json.loads(self.body)
        name = f"{value['organization']}/{value['name']}"
        is_new = f"models/{name}" not in self.stub.repositories
        self.stub.repositories.setdefault(f"models/{name}", Repository())
        url = {"url": f"{self.stub.endpoint}/{name}"}
        self.answer(json.dumps(url).encode(), status=200 if is_new else 409)

    def validate(self) -> None:
        card = json.loads(self.body)["content"]
        match = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
        valid = match is not None and isinstance(yaml.safe_load(match[1]), dict)
        errors = [] if valid else [{"message": "no front matter"}]
        answer = {"errors": errors, "warnings": []}
        self.answer(json.dumps(answer).encode(), status=200 if valid else 400)

    def preupload(self, name: str, revision: str) -> None:
        if (files := self.files(name, revision)) is not None:
            answer = [
                {
                    "path": path,
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": (_sha256 if large else _git_oid)(files[path]) if path in files else None,
                }
                for path in (each["path"] for each in json.loads(self.body)["files"])
                for large in [path.endswith(".safetensors")]
            ]
            self.answer(json.dumps({"files": answer}).encode())

    def batch(self, _: str) -> None:
        objects = [
            each | ({} if each["oid"] in self.stub.stored else {"actions": {"upload": place}})
            for each in json.loads(self.body)["objects"]
            for place in [{"href": f"{self.stub.endpoint}/stored/{each['oid']}"}]
        ]
        self.answer(json.dumps({"transfer": "basic", "objects": objects}).encode())

    def put(self, digest: str) -> None:
        if _sha256(self.body) == digest:
            self.stub.stored[digest] = self.body
        self.answer(b"", status=200 if digest in self.stub.stored else 400)

    def commit(self, name: str, revision: str) -> None:
        if self.files(name, revision) is not None:
            lines = [json.loads(line) for line in self.body.splitlines()]
            commit = self.stub.commit(self.stub.repositories[name], lines)
            url = f"{self.stub.endpoint}/{name.removeprefix('models/')}/commit/{commit}"
            self.answer(json.dumps({"commitUrl": url, "commitOid": commit}).encode())

    def files(self, name: str, revision: str) -> Files | None:
        """The files at a revision; without a repository or commit it is said, and None."""
        repository = self.stub.repositories.get(name)
        files = None if repository is None else repository.at(revision)
        if files is None:
            self.refuse(404, "RepoNotFound" if repository is None else "RevisionNotFound")
        return files

    def refuse(self, status: int, code: str = "", **headers: str) -> None:
        self.answer(b"{}", status=status, **headers, **({"X-Error-Code": code} if code else {}))

    def answer(self, data: bytes, *, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        cut = None if self.fault is None else self.fault.cut
        if self.command != "HEAD":
            self.wfile.write(data[:cut])
        if cut is not None and cut < len(data):
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
