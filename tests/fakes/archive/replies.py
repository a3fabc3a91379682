"""The few kinds of answers that all services give."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

OFFLINE = "<html><head><title>Internet Archive: Temporarily Offline</title></head></html>"
HOTEL = "<!DOCTYPE html>\n<html>\n<body>\nPlease sign in to this hotel's network. " + "x" * 60
BLOCKED = (
    "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception."
    "AdministrativeAccessControlException: Blocked Site Error"
)
ROBOTS = (
    "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception."
    "RobotAccessControlException: Blocked By Robots"
)
EXCLUDED_PAGE = (
    "<!DOCTYPE html><html><head><title>Internet Archive Wayback Machine</title></head><body>"
    '<div id="error"><h1>Sorry.</h1><p>This URL has been excluded from the Wayback Machine.</p>'
    "</div></body></html>"
)
ROBOTS_PAGE = (
    "<!DOCTYPE html><html><head><title>Internet Archive Wayback Machine</title></head><body>"
    '<div id="error"><h1>Page cannot be crawled or displayed due to robots.txt.</h1></div>'
    "</body></html>"
)
NO_PAGE = (
    "<!DOCTYPE html><html><head><title>Internet Archive Wayback Machine</title></head><body>"
    '<div id="error"><h1>Hrm.</h1><p>The Wayback Machine has not archived that URL.</p></div>'
    "</body></html>"
)


def page(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=headers or {})


def json_text(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="application/json")


def as_json(value: object, status: int = 200) -> web.Response:
    return json_text(json.dumps(value), status)


def runtime_error(words: str) -> web.Response:
    headers = {"X-Archive-Wayback-Runtime-Error": words}
    return web.Response(status=403, text=words, content_type="text/plain", headers=headers)
