"""The endpoints of the local Hub: who may do what, and the answers that the client expects."""

import base64
import hashlib
import json
import re
from typing import Any

from local_hub_http import Answer, HttpError, HttpHandler
from local_hub_repos import GIT_ATTRIBUTES, Blob, Repo, RepoType


class ApiHandler(HttpHandler):
    """The handler that knows the API: `_answer_<endpoint>` answers requests to that endpoint."""

    def answer(self) -> Answer:
        if self.token is not None and self.token not in self.hub.tokens:
            raise HttpError(401, "Invalid credentials in Authorization header")
        with self.hub.lock:
            answer: Answer = getattr(self, "_answer_" + self.endpoint.replace("-", "_"))()
        return answer

    @property
    def _user(self) -> str | None:
        return self.hub.tokens[self.token][0] if self.token else None

    def _require_write_token(self) -> str:
        """The user, who may upload something somewhere: a pull request, if nothing else."""
        if self.token is None:
            raise HttpError(401, "Invalid username or password.")
        user, role = self.hub.tokens[self.token]
        if role != "write":
            raise HttpError(403, "Forbidden: you must use a write token to upload to a repository.")
        return user

    def _require_write(self, namespace: str) -> None:
        if namespace != self._require_write_token():
            raise HttpError(403, f'You don\'t have the rights to create or change a repo under "{namespace}"')

    def _repo(self, *, needs_access: bool = True) -> Repo:
        repo_type = self.route.get("plural", "models").removesuffix("s")
        repo = self.hub.repos.get((repo_type, self.route["repo"]))
        is_owner = repo is not None and self._user == repo.repo_id.split("/")[0]
        if repo is None or (repo.is_private and not is_owner):
            # The Hub does not tell strangers which repositories exist.
            raise HttpError(401 if self.token is None else 404, "Repository not found", "RepoNotFound")
        if repo.is_gated and needs_access and not is_owner:
            raise HttpError(401 if self.token is None else 403, f"Access to {repo.repo_id} is restricted.", "GatedRepo")
        return repo

    def _tree(self, repo: Repo) -> tuple[str, dict[str, Blob]]:
        revision = self.route.get("revision", "main")
        found = repo.find(revision)
        if found is None:
            raise HttpError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    def _json(self, value: Any, status: int = 200) -> Answer:
        return status, {"Content-Type": "application/json"}, json.dumps(value).encode()

    def _answer_unknown(self) -> Answer:
        raise HttpError(404, f"Not found: {self.command} {self.path}")

    def _answer_whoami(self) -> Answer:
        if self.token is None:
            raise HttpError(401, "Invalid username or password.")
        user, role = self.hub.tokens[self.token]
        token = {"displayName": "t", "role": role}
        return self._json({"type": "user", "name": user, "orgs": [], "auth": {"accessToken": token}})

    def _answer_create(self) -> Answer:
        wanted = json.loads(self.body)
        repo_type: RepoType = wanted.get("type") or "model"
        namespace = wanted.get("organization") or self._user or ""
        self._require_write(namespace)
        repo_id = f"{namespace}/{wanted['name']}"
        prefix = "" if repo_type == "model" else f"{repo_type}s/"
        url = {"url": f"{self.hub.endpoint}/{prefix}{repo_id}"}
        if (repo_type, repo_id) in self.hub.repos:
            return self._json({"error": f"You already created this {repo_type} repo", **url}, status=409)
        is_private = wanted.get("visibility") == "private" or wanted.get("private") is True
        self.hub.add_repo(repo_id, repo_type=repo_type, files={GIT_ATTRIBUTES: b""}, private=is_private)
        repo = self.hub.repos[repo_type, repo_id]
        repo.hardware = wanted.get("hardware")
        repo.variables = {variable["key"]: variable["value"] for variable in wanted.get("variables") or []}
        return self._json(url)

    def _answer_validate_yaml(self) -> Answer:
        content = json.loads(self.body)["content"]
        if not content.startswith("---\n"):
            return self._json({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
        return self._json({"errors": [], "warnings": []})

    def _answer_preupload(self) -> Answer:
        repo = self._repo()
        self._require_upload(repo)
        _, tree = self._tree(repo)
        files = []
        for wanted in json.loads(self.body)["files"]:
            mode = "lfs" if wanted["path"].endswith(self.hub.lfs_suffixes) else "regular"
            current = tree.get(wanted["path"])
            oid = current.oid if current else None
            files.append({"path": wanted["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return self._json({"files": files})

    def _answer_lfs_batch(self) -> Answer:
        self._repo()
        self._require_write_token()
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            href = f"{self.hub.endpoint}/lfs/{wanted['oid']}"
            actions = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
            has_it = wanted["oid"] in self.hub.lfs_objects
            objects.append({"oid": wanted["oid"], "size": wanted["size"]} | ({} if has_it else {"actions": actions}))
        return self._json({"transfer": "basic", "objects": objects})

    def _answer_lfs_upload(self) -> Answer:
        if hashlib.sha256(self.body).hexdigest() != self.route["oid"]:
            raise HttpError(400, "The content does not have the announced SHA-256")
        self.hub.lfs_objects[self.route["oid"]] = self.body
        return 200, {}, b""

    def _answer_lfs_verify(self) -> Answer:
        if self.route["oid"] not in self.hub.lfs_objects:
            raise HttpError(404, "No such object")
        return 200, {}, b""

    def _answer_commit(self) -> Answer:
        repo = self._repo()
        self._require_upload(repo)
        branch = self.route["revision"]
        base, tree = self._tree(repo)
        changes: dict[str, Blob | None] = {}
        for line in self.body.splitlines():
            key, value = (record := json.loads(line))["key"], record["value"]
            if key == "header":
                title = value["summary"]
                if value.get("parentCommit", base) != base:
                    raise HttpError(412, "A commit has happened since. Please refresh and try again.")
            elif key == "file":
                changes[value["path"]] = Blob(base64.b64decode(value["content"]))
            elif key == "lfsFile":
                if value["oid"] not in self.hub.lfs_objects:
                    raise HttpError(400, f"LFS object {value['oid']} was never uploaded")
                changes[value["path"]] = Blob(self.hub.lfs_objects[value["oid"]], is_lfs=True)
            elif key == "deletedFile":
                changes[value["path"]] = None
            elif key == "deletedFolder":
                changes |= {path: None for path in tree if path.startswith(value["path"])}
        prefix = "" if repo.repo_type == "model" else f"{repo.repo_type}s/"
        url = f"{self.hub.endpoint}/{prefix}{repo.repo_id}"
        answer: dict[str, Any] = {"success": True}
        if self._is_for_pull_request:
            num = repo.open_pull_request(title, self._require_write_token(), branch).num
            branch, answer["pullRequestUrl"] = f"refs/pr/{num}", f"{url}/discussions/{num}"
        oid = repo.commit(changes, branch)
        return self._json({**answer, "commitOid": oid, "commitUrl": f"{url}/commit/{oid}"})

    @property
    def _is_for_pull_request(self) -> bool:
        return self.query.get("create_pr") == ["1"]

    def _require_upload(self, repo: Repo) -> None:
        if self._is_for_pull_request:
            self._require_write_token()
        else:
            self._require_write(repo.repo_id.split("/")[0])

    def _answer_info(self) -> Answer:
        repo = self._repo(needs_access=False)
        oid, tree = self._tree(repo)
        subdomain = repo.repo_id.lower().replace("/", "-")
        host = {"subdomain": subdomain, "host": f"https://{subdomain}.hf.space"} if repo.repo_type == "space" else {}
        return self._json(
            {
                **host,
                "_id": hashlib.sha1(repo.repo_id.encode()).hexdigest()[:24],
                "id": repo.repo_id,
                "sha": oid,
                "private": repo.is_private,
                "gated": "auto" if repo.is_gated else False,
                "disabled": False,
                "tags": [],
                "siblings": [{"rfilename": path} for path in sorted(tree)],
            }
        )

    def _entry(self, path: str, blob: Blob) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": blob.size, "oid": blob.git_oid}
        if blob.is_lfs:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 134}
        return entry

    def _answer_tree(self) -> Answer:
        _, tree = self._tree(self._repo())
        prefix = f"{self.route['path'].rstrip('/')}/" if "path" in self.route else ""
        inside = {path: blob for path, blob in tree.items() if path.startswith(prefix)}
        if prefix and not inside:
            raise HttpError(404, f"{prefix} does not exist", "EntryNotFound")
        entries: list[dict[str, Any]] = []
        folders = {path[: i + 1].rstrip("/") for path in inside for i, c in enumerate(path) if c == "/"}
        is_recursive = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        for folder in sorted(folders):
            if folder.startswith(prefix):
                entries.append({"type": "directory", "path": folder, "size": 0, "oid": "0" * 40})
        entries += [self._entry(path, blob) for path, blob in sorted(inside.items())]
        if not is_recursive:
            entries = [entry for entry in entries if "/" not in entry["path"][len(prefix) :]]
        return self._json(entries)

    def _answer_resolve(self) -> Answer:
        oid, tree = self._tree(self._repo())
        blob = tree.get(self.route["path"])
        if blob is None:
            raise HttpError(404, "Entry not found", "EntryNotFound", **{"X-Repo-Commit": oid})
        headers = {"X-Repo-Commit": oid, "ETag": f'"{blob.oid}"', "Accept-Ranges": "bytes"}
        if blob.is_lfs:
            headers |= {"X-Linked-ETag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)}
        headers["Content-Type"] = "application/octet-stream"
        if self.command == "HEAD":
            return 200, {**headers, "Content-Length": str(blob.size)}, b""
        content = blob.content
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if span is None:
            return 200, headers, content
        first, last = int(span[1]), min(int(span[2] or blob.size), blob.size - 1)
        if first >= blob.size:
            raise HttpError(416, "Range not satisfiable", **{"Content-Range": f"bytes */{blob.size}"})
        return 206, {**headers, "Content-Range": f"bytes {first}-{last}/{blob.size}"}, content[first : last + 1]
