"""What the local Hub has beside repositories' main branch: other branches, pull requests, the settings of Spaces."""

import json

from local_hub_api import ApiHandler
from local_hub_http import Answer, HttpError


class FullHandler(ApiHandler):
    """The handler that knows all endpoints."""

    def _answer_branch(self) -> Answer:
        repo, branch = self._repo(), self.route["revision"]
        self._require_write(repo.repo_id.split("/")[0])
        if branch in repo.branches:
            raise HttpError(409, f"Reference refs/heads/{branch} already exists")
        found = repo.find(json.loads(self.body or b"{}").get("startingPoint", "main"))
        if found is None:
            raise HttpError(404, "Invalid rev id", "RevisionNotFound")
        repo.branches[branch] = found[0]
        return 201, {}, b""

    def _answer_discussions(self) -> Answer:
        repo = self._repo()
        discussions = [
            {
                "num": pull_request.num, "title": pull_request.title, "author": {"name": pull_request.author},
                "createdAt": "2026-01-01T00:00:00.000Z", "status": "open", "isPullRequest": True,
                "repo": {"name": repo.repo_id, "type": repo.repo_type},
            }
            for pull_request in repo.pull_requests
        ]  # fmt: skip
        return self._json({"discussions": discussions, "count": len(discussions), "start": 0})

    def _answer_variables(self) -> Answer:
        repo = self._repo()
        self._require_write(repo.repo_id.split("/")[0])
        if self.command == "POST":
            variable = json.loads(self.body)
            repo.variables[variable["key"]] = variable["value"]
        return self._json({key: {"key": key, "value": value} for key, value in repo.variables.items()})

    def _answer_hardware(self) -> Answer:
        repo = self._repo()
        self._require_write(repo.repo_id.split("/")[0])
        repo.hardware = json.loads(self.body)["flavor"]
        return self._json({"stage": "BUILDING", "hardware": {"current": None, "requested": repo.hardware}})
