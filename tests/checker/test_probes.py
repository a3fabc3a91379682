"""Sites with a better question to ask than for their page."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkwatch.checker.probes import PROBES, Probe, Reading, Reply, When, probe_for
from linkwatch.model import Says
from linkwatch.settings import Probes

ROW = {probe.name: probe for probe in PROBES}

WATCH = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
VIDEO = "https://www.youtube.com/oembed?format=json&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ"
LIST = "https://www.youtube.com/oembed?format=json&url=https%3A%2F%2Fwww.youtube.com%2Fplaylist%3Flist%3DPLabcdefghij_-12"
CLIP = "https://vimeo.com/76979871"
PAPER = "https://doi.org/10.1000/xyz123"
PREPRINT = "https://arxiv.org/abs/1706.03762"
REPOSITORY = "https://github.com/owner/name"
POST = "https://x.com/somebody/status/20"
THREAD = "https://www.reddit.com/r/notes/comments/abc123/a_title/"
QUESTION = "https://stackoverflow.com/questions/11227809/why-is-it"
ANSWER = "https://stackoverflow.com/a/11227902"
DOC_ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz012345"
DOC = f"https://docs.google.com/document/d/{DOC_ID}/edit"
OF_ROW = {
    "arxiv": PREPRINT,
    "doi": PAPER,
    "github": REPOSITORY,
    "google_docs": DOC,
    "reddit": THREAD,
    "stackexchange": QUESTION,
    "vimeo": CLIP,
    "x": POST,
    "youtube": WATCH,
}

HANDLE = "https://doi.org/api/handles/"
EMBED = b'{"type":"video","version":"1.0","title":"A title","html":"<iframe></iframe>"}'


def asked(name: str, link: str) -> str | None:
    return ROW[name].question(link)


@pytest.mark.parametrize(
    ("link", "question"),
    [
        (WATCH, VIDEO),
        ("http://youtube.com/watch?t=5&v=dQw4w9WgXcQ&list=PLabcdefghij_-12", VIDEO),
        ("https://m.youtube.com/watch?v=dQw4w9WgXcQ", VIDEO),
        ("https://music.youtube.com/watch?v=dQw4w9WgXcQ", VIDEO),
        ("https://youtu.be/dQw4w9WgXcQ?si=abc", VIDEO),
        ("https://www.youtube.com/shorts/dQw4w9WgXcQ", VIDEO),
        ("https://www.youtube.com/live/dQw4w9WgXcQ?feature=share", VIDEO),
        ("https://www.youtube.com/embed/dQw4w9WgXcQ", VIDEO),
        ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", VIDEO),
        ("https://www.youtube.com/playlist?list=PLabcdefghij_-12", LIST),
        ("https://www.youtube.com/embed/videoseries?list=PLabcdefghij_-12", LIST),
        ("https://www.youtube.com/playlist?list=WL", None),
        ("https://www.youtube.com/playlist?list=RDdQw4w9WgXcQ", None),
        ("https://www.youtube.com/embed/videoseries", None),
        ("https://www.youtube.com/embed/live_stream?channel=UCabc", None),
        ("https://www.youtube.com/", None),
        ("https://www.youtube.com/@somebody", None),
        ("https://www.youtube.com/channel/UCuAXFkgsw1L7xaCfnd5JJOw", None),
        ("https://www.youtube.com/watch", None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXc", None),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ%29", None),
        ("https://www.youtube.com/watch?" + "v=&" * 60, None),
        ("https://www.youtube-nocookie.com/watch?v=dQw4w9WgXcQ", None),
        ("https://evilyoutube.com/watch?v=dQw4w9WgXcQ", None),
        ("https://notyoutu.be/dQw4w9WgXcQ", None),
    ],
)
def test_youtube_is_asked_about_videos_and_lists(link: str, question: str | None) -> None:
    assert asked("youtube", link) == question


@pytest.mark.parametrize(
    ("link", "page"),
    [
        (CLIP, "%2F76979871"),
        ("http://www.vimeo.com/76979871/?share=copy", "%2F76979871"),
        ("https://vimeo.com/76979871/8272103f6e", "%2F76979871%2F8272103f6e"),
        ("https://vimeo.com/channels/staffpicks/76979871", "%2Fchannels%2Fstaffpicks%2F76979871"),
        ("https://vimeo.com/groups/short/videos/76979871", "%2Fgroups%2Fshort%2Fvideos%2F76979871"),
        ("https://player.vimeo.com/video/76979871?title=0", "%2F76979871"),
        ("https://vimeo.com/somebody", None),
        ("https://vimeo.com/", None),
        ("https://vimeo.com/76979871/settings", None),
        ("https://player.vimeo.com/76979871", None),
        ("https://myvimeo.com/76979871", None),
    ],
)
def test_vimeo_is_asked_about_videos(link: str, page: str | None) -> None:
    api = "https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com"
    assert asked("vimeo", link) == (None if page is None else api + page)


@pytest.mark.parametrize(
    ("link", "name"),
    [
        (PAPER, "10.1000/xyz123"),
        ("http://dx.doi.org/10.1000/xyz123", "10.1000/xyz123"),
        ("https://www.doi.org/doi:10.1000/xyz123", "10.1000/xyz123"),
        ("https://doi.org/10.1000%2Fxyz123", "10.1000/xyz123"),
        ("https://doi.org/10.1000.10/123/456//7", "10.1000.10/123/456//7"),
        ("https://doi.org/10.1000/xyz123.", "10.1000/xyz123."),
        ("https://doi.org/10.1000/xyz123)", "10.1000/xyz123)"),
        ("https://doi.org/10.1000/xyz123?utm_source=a", "10.1000/xyz123"),
        ("https://doi.org/10.1000/a%3Fb%23c%25d", "10.1000/a%3Fb%23c%25d"),
        ("https://doi.org/10.1000/ü", "10.1000/%C3%BC"),
        ("https://doi.org/10.1000/%FC", "10.1000/%FC"),
        (
            "https://doi.org/10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O",
            "10.1002/(SICI)1097-4571(199806)49:8%3C693::AID-ASI4%3E3.0.CO;2-O",
        ),
        ("https://doi.org/", None),
        ("https://doi.org/10.1000", None),
        ("https://doi.org/10.1000/", None),
        ("https://doi.org/10/gf5v", None),
        ("https://doi.org/the-identifier/resources", None),
        ("https://api.doi.org/10.1000/xyz123", None),
        ("https://mydoi.org/10.1000/xyz123", None),
    ],
)
def test_the_handle_system_is_asked_about_dois(link: str, name: str | None) -> None:
    assert asked("doi", link) == (None if name is None else f"{HANDLE}{name}?type=URL")


@pytest.mark.parametrize(
    ("link", "paper"),
    [
        (PREPRINT, "1706.03762"),
        ("http://www.arxiv.org/abs/1706.03762v7", "1706.03762"),
        ("https://arxiv.org/pdf/1706.03762.pdf", "1706.03762"),
        ("https://arxiv.org/pdf/0704.0001v2.pdf", "0704.0001"),
        ("https://arxiv.org/html/2401.00001v1/", "2401.00001"),
        ("https://arxiv.org/abs/hep-th/9901001v3", "hep-th/9901001"),
        ("https://arxiv.org/abs/math.GT/0309136", "math/0309136"),
        ("https://export.arxiv.org/pdf/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/abs/1706.037", None),
        ("https://arxiv.org/abs/1706.037621", None),
        ("https://arxiv.org/list/cs.CL/recent", None),
        ("https://arxiv.org/", None),
        ("https://blog.arxiv.org/abs/1706.03762", None),
    ],
)
def test_the_handle_system_is_asked_about_preprints(link: str, paper: str | None) -> None:
    question = None if paper is None else f"{HANDLE}10.48550/arXiv.{paper}?type=URL"
    assert asked("arxiv", link) == question


@pytest.mark.parametrize(
    ("link", "repository"),
    [
        (REPOSITORY, "owner/name"),
        ("http://www.github.com/Owner/na.me_x/", "Owner/na.me_x"),
        ("https://github.com/owner/name.git", "owner/name"),
        ("https://github.com/owner/name?tab=readme-ov-file", "owner/name"),
        ("https://github.com/owner", None),
        ("https://github.com/owner/name/issues/1", None),
        ("https://github.com/owner/name.wiki.git", None),
        ("https://github.com/owner/.git", None),
        ("https://github.com/features/copilot", None),
        ("https://github.com/Topics/markdown", None),
        ("https://github.com/-owner/name", None),
        ("https://gist.github.com/owner/name", None),
        ("https://owner.github.io/name", None),
    ],
)
def test_github_is_asked_about_repositories(link: str, repository: str | None) -> None:
    question = None if repository is None else f"https://api.github.com/repos/{repository}"
    assert asked("github", link) == question


@pytest.mark.parametrize(
    ("link", "page"),
    [
        (POST, "somebody%2Fstatus%2F20"),
        ("https://twitter.com/somebody/status/20?s=20", "somebody%2Fstatus%2F20"),
        ("http://mobile.twitter.com/some_body/statuses/20/", "some_body%2Fstatus%2F20"),
        ("https://twitter.com/somebody/status/20/photo/1", "somebody%2Fstatus%2F20"),
        ("https://x.com/somebody", None),
        ("https://x.com/somebody/likes/20", None),
        ("https://x.com/i/status/20", None),
        ("https://x.com/somebody/status/20abc", None),
        ("https://netflix.com/somebody/status/20", None),
        ("https://nottwitter.com/somebody/status/20", None),
    ],
)
def test_x_is_asked_about_posts(link: str, page: str | None) -> None:
    api = "https://publish.twitter.com/oembed?url=https%3A%2F%2Ftwitter.com%2F"
    assert asked("x", link) == (None if page is None else api + page)


@pytest.mark.parametrize(
    ("link", "question"),
    [
        (THREAD, THREAD),
        (
            "http://reddit.com/r/notes/comments/abc123",
            "https://www.reddit.com/r/notes/comments/abc123",
        ),
        ("https://old.reddit.com/r/a1/comments/abc/t/def/?context=3",) * 2,
        ("https://www.reddit.com/user/some-body/comments/abc/t/",) * 2,
        ("https://www.reddit.com/r/notes/", None),
        ("https://www.reddit.com/r/notes/comments/", None),
        ("https://www.reddit.com/r/notes/wiki/index", None),
        ("https://i.redd.it/abc.png", None),
        ("https://notreddit.com/r/notes/comments/abc123", None),
    ],
)
def test_reddit_is_asked_for_the_post_itself(link: str, question: str | None) -> None:
    assert asked("reddit", link) == question


@pytest.mark.parametrize(
    ("link", "question"),
    [
        (QUESTION, "questions/11227809?site=stackoverflow"),
        (ANSWER, "answers/11227902?site=stackoverflow"),
        ("https://www.stackoverflow.com/a/11227902/99", "answers/11227902?site=stackoverflow"),
        ("http://superuser.com/q/1", "questions/1?site=superuser"),
        ("https://serverfault.com/questions/1/t/2", "questions/1?site=serverfault"),
        ("https://askubuntu.com/q/1/2", "questions/1?site=askubuntu"),
        ("https://mathoverflow.net/questions/1", "questions/1?site=mathoverflow.net"),
        ("https://stackapps.com/questions/1", "questions/1?site=stackapps"),
        ("https://tex.stackexchange.com/q/1", "questions/1?site=tex"),
        ("https://tex.meta.stackexchange.com/q/1", "questions/1?site=tex.meta"),
        ("https://meta.stackexchange.com/q/1", "questions/1?site=meta"),
        ("https://pt.stackoverflow.com/q/1", "questions/1?site=pt.stackoverflow"),
        ("https://stackoverflow.com/questions/tagged/python", None),
        ("https://stackoverflow.com/questions", None),
        ("https://stackoverflow.com/users/1/somebody", None),
        ("https://stackoverflow.blog/questions/1", None),
        ("https://chat.stackexchange.com/questions/1", None),
        ("https://notstackoverflow.com/questions/1", None),
        ("https://mystackexchange.com/questions/1", None),
    ],
)
def test_stack_exchange_is_asked_about_questions_and_answers(
    link: str, question: str | None
) -> None:
    api = "https://api.stackexchange.com/2.3/"
    assert asked("stackexchange", link) == (None if question is None else api + question)


@pytest.mark.parametrize(
    ("link", "question"),
    [
        (DOC, DOC),
        (f"http://docs.google.com/spreadsheets/d/{DOC_ID}", f"https://docs.google.com/spreadsheets/d/{DOC_ID}"),
        (f"https://docs.google.com/presentation/u/1/d/{DOC_ID}/pub?start=true",) * 2,
        (f"https://docs.google.com/forms/d/e/{DOC_ID}/viewform",) * 2,
        (f"https://drive.google.com/file/d/{DOC_ID}/view?usp=sharing",) * 2,
        (f"https://drive.google.com/open?id={DOC_ID}",) * 2,
        ("https://drive.google.com/open", None),
        ("https://drive.google.com/drive/my-drive", None),
        ("https://docs.google.com/document/u/0/", None),
        (f"https://sites.google.com/document/d/{DOC_ID}", None),
    ],
)  # fmt: skip
def test_google_is_asked_for_the_document_itself(link: str, question: str | None) -> None:
    assert asked("google_docs", link) == question


@pytest.mark.parametrize("name", sorted(OF_ROW))
@pytest.mark.parametrize(
    "disguise",
    [
        "https://HOST.evil.example/PATH",
        "https://evil.example/HOST/PATH",
        "https://evilHOST/PATH",
        "https://HOST@evil.example/PATH",
        "https://user@HOST/PATH",
        "https://:secret@HOST/PATH",
        "https://HOST:8443/PATH",
        "http://HOST:443/PATH",
        "ftp://HOST/PATH",
        "https://HOST:port/PATH",
    ],
)
def test_what_only_looks_like_a_known_site_is_not_asked_about(name: str, disguise: str) -> None:
    host, path = OF_ROW[name].removeprefix("https://").split("/", 1)
    link = disguise.replace("HOST", host).replace("PATH", path)
    assert asked(name, f"https://{host}/{path}") is not None
    assert probe_for(link) is None


@pytest.mark.parametrize(("name", "link"), OF_ROW.items())
def test_a_host_is_known_in_every_spelling_that_a_browser_reads(name: str, link: str) -> None:
    host, path = link.removeprefix("https://").split("/", 1)
    for spelling in (
        f"https://{host.upper()}/{path}",
        f"https://{host}./{path}",
        f"https://{host}:443/{path}",
    ):
        assert asked(name, spelling) == asked(name, link)


def reply(
    status: int,
    body: bytes | str | dict[str, object] = b"",
    *,
    to: str | None = None,
    kind: str = "text/html; charset=utf-8",
) -> Reply:
    if isinstance(body, dict):
        body, kind = msgspec.json.encode(body), "application/json"
    data = body.encode() if isinstance(body, str) else body
    return Reply(status=status, location=to, content_type=kind, body=data)


def says(name: str, link: str, answer: Reply) -> Says | None:
    reading = ROW[name].read(link, answer)
    return reading.says if reading else None


RESTRICTED: dict[str, object] = {"type": "video", "version": "1.0", "domain_status_code": 403}
CAPTCHA = "<html><title>Are you a robot?</title></html>"


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("youtube", reply(200, EMBED), Says.ALIVE),
        ("youtube", reply(200, "Forbidden"), Says.PRIVATE),
        ("youtube", reply(401, "Unauthorized"), Says.ALIVE),
        ("youtube", reply(403, "Forbidden"), Says.PRIVATE),
        ("youtube", reply(404, "Not Found"), Says.GONE),
        ("youtube", reply(400, "Bad Request"), Says.DOUBTFUL),
        ("youtube", reply(302, to="https://consent.youtube.com/m"), None),
        ("youtube", reply(200, CAPTCHA), None),
        ("youtube", reply(403, CAPTCHA), None),
        ("youtube", reply(404, "\n<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"), None),
        ("youtube", reply(200, {}), None),
        ("youtube", reply(200, {"type": "video"}), None),
        ("youtube", reply(200, {"type": "about:blank", "title": "Bad"}), None),
        ("youtube", reply(200, {"type": "video", "title": ["A"]}), None),
        ("vimeo", reply(200, EMBED), Says.ALIVE),
        ("vimeo", reply(200, RESTRICTED), Says.ALIVE),
        ("vimeo", reply(403, RESTRICTED), Says.ALIVE),
        ("vimeo", reply(403, CAPTCHA), None),
        ("vimeo", reply(403, {"domain_status_code": 404}), None),
        ("vimeo", reply(404, "Not Found"), None),
        ("vimeo", reply(404, RESTRICTED), None),
        ("vimeo", reply(200, CAPTCHA), None),
        ("x", reply(200, {"type": "rich", "html": "<blockquote>"}), Says.ALIVE),
        ("x", reply(404, {"error": "Sorry, that page does not exist"}), Says.GONE),
        (
            "x",
            reply(403, {"error": "Sorry, you are not authorized to see this status."}),
            Says.PRIVATE,
        ),
        ("x", reply(403, CAPTCHA), None),
        ("x", reply(302, to="https://x.com/login"), None),
        ("x", reply(200, CAPTCHA), None),
    ],
)
def test_what_an_embedding_service_says(name: str, answer: Reply, said: Says | None) -> None:
    assert says(name, OF_ROW[name], answer) is said


@pytest.mark.parametrize(
    ("answer", "of_a_doi", "of_a_preprint"),
    [
        (reply(200, {"responseCode": 1, "handle": "NAME", "values": []}), Says.ALIVE, Says.ALIVE),
        (reply(200, {"responseCode": 1}), Says.ALIVE, Says.ALIVE),
        (reply(200, {"responseCode": 1, "handle": "10.1000/other"}), None, None),
        (reply(200, {"responseCode": 200, "handle": "NAME"}), None, None),
        (reply(200, {"responseCode": 100, "handle": "NAME"}), None, None),
        (reply(200, {"responseCode": "1"}), None, None),
        (reply(200, {"responseCode": True}), None, None),
        (reply(404, {"responseCode": 100, "handle": "NAME"}), Says.GONE, None),
        (reply(404, {"responseCode": 100, "handle": "10.1000/other"}), None, None),
        (reply(404, {"responseCode": 1, "handle": "NAME"}), None, None),
        (reply(404, {"responseCode": 200, "handle": "NAME"}), None, None),
        (reply(404, "<html>Not Found</html>"), None, None),
        (reply(500, {"responseCode": 2}), None, None),
    ],
)
def test_what_the_handle_system_says(
    answer: Reply, of_a_doi: Says | None, of_a_preprint: Says | None
) -> None:
    for name, handle, said in (
        ("doi", b"10.1000/XYZ123", of_a_doi),
        ("arxiv", b"10.48550/arxiv.1706.03762", of_a_preprint),
    ):
        body = answer.body.replace(b"NAME", handle)
        assert says(name, OF_ROW[name], reply(answer.status, body)) is said


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        (
            reply(200, {"full_name": "Owner/Name", "html_url": "https://github.com/Owner/Name"}),
            Reading(says=Says.ALIVE),
        ),
        (
            reply(200, {"full_name": "newer/name", "html_url": "https://github.com/newer/name"}),
            Reading(says=Says.MOVED, url="https://github.com/newer/name"),
        ),
        (reply(200, {"full_name": "newer/a", "html_url": "https://evil.example/newer/a"}), None),
        (reply(200, {"full_name": "newer/name", "html_url": "http://github.com/newer/name"}), None),
        (reply(200, {"full_name": "newer/name", "html_url": "https://github.com/a/b"}), None),
        (reply(200, {"full_name": "newer/name", "html_url": "javascript:alert(1)"}), None),
        (reply(200, {"full_name": "owner/name"}), None),
        (reply(301, to="https://api.github.com/repositories/1"), None),
        (reply(404, {"message": "Not Found", "status": "404"}), Reading(says=Says.GONE)),
        (reply(404, "<html>Not Found</html>"), None),
        (reply(403, {"message": "API rate limit exceeded"}), None),
        (reply(451, {"message": "Repository access blocked"}), None),
    ],
)  # fmt: skip
def test_what_github_says(answer: Reply, reading: Reading | None) -> None:
    assert ROW["github"].read(REPOSITORY, answer) == reading


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(302, to="https://www.reddit.com/r/Notes/"), Says.GONE),
        (reply(301, to="https://www.reddit.com/r/notes?rdt=51234"), Says.GONE),
        (reply(302, to="https://www.reddit.com/user/some-body/"), Says.GONE),
        (reply(301, to="https://www.reddit.com/r/notes/comments/abc123/another_title/"), None),
        (reply(301, to="https://old.reddit.com/r/notes/comments/abc123/a_title/"), None),
        (reply(302, to="https://www.reddit.com/login/?dest=%2Fr%2Fnotes"), None),
        (reply(302, to="https://www.reddit.com/r/another/"), None),
        (reply(302, to="https://www.reddit.com/"), None),
        (reply(302, to="https://evil.example/r/notes/"), None),
        (reply(302), None),
        (reply(200, "<p>Sorry, this post has been removed by the moderators"), Says.DOUBTFUL),
        (reply(200, "<p>Sorry, this post was deleted by the person who"), Says.DOUBTFUL),
        (reply(200, "<head><title>[deleted by user] : r/notes</title>"), Says.DOUBTFUL),
        (reply(200, "<head><title>[ Removed by Reddit ] : r/notes</title>"), Says.DOUBTFUL),
        (reply(200, "<div class='md'><p>[removed]</p></div>"), Says.DOUBTFUL),
        (reply(200, "<p>Text</p><div class='commentarea'><p>[removed]</p>"), None),
        (reply(200, "<shreddit-post></shreddit-post><shreddit-comment><p>[removed]</p>"), None),
        (reply(200, "<p>by [deleted]</p><p>Text</p>"), None),
        (reply(200, "<p>I wrote [removed] there</p>"), None),
        (reply(200, '{"selftext": ">[removed]<"}', kind="application/json"), None),
        (reply(403, "<p>[removed]</p> blocked by network security"), None),
        (reply(404, "<p>[removed]</p>"), None),
    ],
)  # fmt: skip
def test_what_reddit_says(answer: Reply, said: Says | None) -> None:
    assert says("reddit", THREAD, answer) is said


def test_a_post_on_a_profile_that_leads_to_the_profile_is_gone() -> None:
    link = "https://www.reddit.com/user/somebody/comments/abc/t/"
    assert says("reddit", link, reply(302, to="https://www.reddit.com/u/somebody")) is Says.GONE


@pytest.mark.parametrize(
    ("link", "answer", "said"),
    [
        (QUESTION, reply(200, {"items": [{"question_id": 11227809}]}), Says.ALIVE),
        (ANSWER, reply(200, {"items": [{"answer_id": 11227902, "question_id": 1}]}), Says.ALIVE),
        (QUESTION, reply(200, {"items": [], "has_more": False, "quota_remaining": 1}), Says.GONE),
        (ANSWER, reply(200, {"items": []}), Says.GONE),
        (QUESTION, reply(200, {"items": [{"question_id": 5}]}), None),
        (ANSWER, reply(200, {"items": [{"question_id": 11227902}]}), None),
        (QUESTION, reply(200, {"items": [], "has_more": True}), None),
        (QUESTION, reply(200, {"items": [], "backoff": 10}), None),
        (QUESTION, reply(200, {"items": [], "error_id": 502}), None),
        (QUESTION, reply(200, {"items": {}}), None),
        (QUESTION, reply(200, {"error_id": 502, "error_name": "throttle_violation"}), None),
        (QUESTION, reply(400, {"items": [], "error_id": 502}), None),
        (QUESTION, reply(400, {"items": []}), None),
        (QUESTION, reply(200, CAPTCHA), None),
    ],
)
def test_what_stack_exchange_says(link: str, answer: Reply, said: Says | None) -> None:
    assert says("stackexchange", link, answer) is said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reply(302, to="https://accounts.google.com/v3/signin/identifier?a=b"), Says.PRIVATE),
        (reply(307, to="https://accounts.google.com/ServiceLogin"), Says.PRIVATE),
        (reply(302, to="https://accounts.google.com.evil.example/"), None),
        (reply(302, to="https://docs.google.com/document/d/other/edit"), None),
        (reply(302), None),
        (reply(404, "<title>Page Not Found</title>"), Says.GONE),
        (reply(200, "<title>Plan - Google Docs</title>"), None),
        (reply(200, "<p>Sorry, the file you have requested does not exist.</p>"), Says.DOUBTFUL),
        (reply(200, "<p>File is in owner&#39;s trash</p>"), Says.DOUBTFUL),
        (reply(200, "<p>This file is in the owner\u2019s trash</p>"), Says.DOUBTFUL),
        (reply(200, "sorry, the file you have requested does not exist", kind="text/plain"), None),
        (reply(401, "Sign in"), None),
        (reply(403, "We're sorry, but your computer may be sending automated queries"), None),
    ],
)  # fmt: skip
def test_what_google_says(answer: Reply, said: Says | None) -> None:
    assert says("google_docs", DOC, answer) is said


BEST = {
    "arxiv": b'{"responseCode":1}',
    "doi": b'{"responseCode":1}',
    "github": b'{"full_name":"owner/name","html_url":"https://github.com/owner/name"}',
    "stackexchange": b'{"items":[{"question_id":11227809}]}',
    "vimeo": EMBED,
    "x": EMBED,
    "youtube": EMBED,
}
EVERY = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)


@EVERY
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520, 999])
def test_a_site_in_trouble_says_nothing(probe: Probe, status: int) -> None:
    body = BEST.get(probe.name, b"<p>[removed]</p>")
    to = "https://www.reddit.com/r/notes/" if probe.name == "reddit" else None
    assert probe.read(OF_ROW[probe.name], reply(status, body, to=to)) is None


@pytest.mark.parametrize(("name", "body"), BEST.items())
def test_json_that_is_cut_off_or_hostile_says_nothing(name: str, body: bytes) -> None:
    link = OF_ROW[name]
    assert says(name, link, reply(200, body)) is Says.ALIVE
    opened = body[:-1] + b',"more":'
    for hostile in (
        body[:-1],
        opened + b"[" * 65_000,
        opened + b"[" * 30_000 + b"]" * 30_000 + b"}",
        opened + b'{"a":' * 13_000,
        opened + b'"\\ud800"}',
        b"[" + body + b"]",
        b"[" * 65_536,
        body + b"<!-- login -->",
        b"null",
        body.decode().encode("utf-16"),
    ):
        assert says(name, link, reply(200, hostile)) is None, hostile[:40]


READ_AS_TEXT = {"google_docs", "reddit", "youtube"}  # hypothesis finds the words in our code


@EVERY
@settings(derandomize=True, deadline=None, max_examples=60)
@given(body=st.binary(max_size=300))
@example(body=b"\xff\xfe{}")
@example(body=b'"\xff"')
@example(body=b'{"title":"\xff","type":"\xff","items":"\xff"}')
def test_bytes_that_mean_nothing_decide_nothing(probe: Probe, body: bytes) -> None:
    said = says(probe.name, OF_ROW[probe.name], reply(200, body))
    assert said is None or (probe.name in READ_AS_TEXT and said in (Says.DOUBTFUL, Says.PRIVATE))


FIELDS = (
    "type title html domain_status_code responseCode handle full_name html_url message items"
    " question_id answer_id has_more error_id backoff"
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS.split()), inner, max_size=5)
    ),
    max_leaves=8,
)


@EVERY
@settings(derandomize=True, deadline=None, max_examples=60)
@given(status=st.integers(100, 999), value=VALUES, to=st.none() | st.text(max_size=20))
def test_reading_an_answer_never_fails(
    probe: Probe, status: int, value: object, to: str | None
) -> None:
    answer = reply(status, msgspec.json.encode(value), to=to)
    for link in (OF_ROW[probe.name], "https://elsewhere.example/"):
        assert isinstance(probe.read(link, answer), Reading | None)


@EVERY
@settings(derandomize=True, deadline=None, max_examples=100)
@given(tail=st.text(max_size=20))
@example(tail="%ff?v=%ff&id=%00#\0")
def test_a_question_never_fails(probe: Probe, tail: str) -> None:
    for link in (OF_ROW[probe.name] + tail, tail):
        question = probe.question(link)
        assert question is None or (question.startswith("https://") and question.isascii())


def test_every_row_has_its_switch_and_every_switch_its_row() -> None:
    assert [probe.name for probe in PROBES] == list(Probes.__struct_fields__)


@pytest.mark.parametrize(("name", "link"), OF_ROW.items())
def test_a_probe_that_is_switched_off_is_not_asked(name: str, link: str) -> None:
    assert probe_for(link) is ROW[name]
    assert probe_for(link, off={name}) is None


def test_only_the_services_that_count_requests_wait_for_a_refusal() -> None:
    waiting = {probe.name for probe in PROBES if probe.when is When.REFUSED}
    assert waiting == {"github", "stackexchange"}
