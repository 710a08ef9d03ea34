"""The tool `fetch`: where it goes, what it takes, and what becomes of it."""

import asyncio
import base64
import gzip
import re
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.iterate.replaying import Answer, replay
from tests.iterate.workshop import Somebody, Workshop

from iterate.asks import AskedFile
from iterate.events import Json
from iterate.permissions.judge import judge
from iterate.permissions.need import Need
from iterate.permissions.rules import Rule
from iterate.tools import addresses, child, fetch, markdown, web
from iterate.tools.tool import Preview, Result, ToolFailed, Verdict

LOOPBACK = addresses.parsed("127.0.0.1")
PNG = b"\x89PNG\r\n\x1a\n\0\0"


@dataclass
class Pages:
    """A web server on this machine that answers each path with what was put there."""

    answers: dict[str, bytes] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    port: int = 0

    def put(self, path: str, body: bytes | str, kind: str = "text/plain", *more: str, status: str = "200 OK") -> None:
        content = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *more, "", ""]
        self.answers[path] = "\r\n".join(lines).encode() + content

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            writer.write(self.answers.get(head.split(" ")[1], b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
            await writer.drain()
        finally:
            writer.close()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serving[T](self, deed: Callable[[], Awaitable[T]]) -> T:
        async def both() -> T:
            server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            async with server:
                return await deed()

        return asyncio.run(both())


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def pages() -> Pages:
    return Pages()


def fetched(shop: Workshop, pages: Pages, path: str = "/", **more: Json) -> Result:
    return pages.serving(lambda: shop.begin("fetch", url=pages.url(path), **more))


def body(result: Result) -> str:
    return result.text.partition("\n")[2]


def test_a_page_is_given_as_markdown_and_named_as_somebody_elses_words(shop: Workshop, pages: Pages) -> None:
    pages.put("/a", "<title>T</title><p>Hello <b>you</b>", "text/html; charset=utf-8")
    result = fetched(shop, pages, "/a#part")
    assert body(result) == "# T\n\nHello **you**"
    assert "no instruction" in result.text.splitlines()[0]
    assert body(fetched(shop, pages, "/a", raw=True)) == "<title>T</title><p>Hello <b>you</b>"


def test_nothing_but_the_request_is_sent(shop: Workshop, pages: Pages) -> None:
    pages.put("/", "x", "text/plain", "Set-Cookie: a=b")
    fetched(shop, pages)
    fetched(shop, pages)
    names = {line.partition(":")[0].lower() for line in pages.heads[1].splitlines()[1:] if line}
    assert names <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


def judged_or_failed(judged: Callable[[], Awaitable[Result]]) -> Callable[[], Awaitable[Result]]:
    async def run() -> Result:
        try:
            return await judged()
        except ToolFailed as problem:
            if not re.search(r"not allowed: not here|is not known", str(problem)):
                raise
            return Result(text="failed")

    return run


def test_an_address_that_was_judged_with_the_call_is_asked_about_once(shop: Workshop, pages: Pages) -> None:
    pages.put("/", "x", "text/plain")
    assert body(fetched(shop, pages)) == "x"
    assert shop.person.asked == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_every_way_to_write_this_machine_asks_and_a_no_connects_to_nothing(
    shop: Workshop, pages: Pages, host: str
) -> None:
    class Careful(Somebody):
        async def permit(
            self, needs: object, why: str, preview: str | Preview = "", files: Sequence[AskedFile] = ()
        ) -> Verdict:
            del files
            assert (why, preview) == ("", f"http://{host}:{pages.port}/")
            assert isinstance(needs, list)
            self.asked += needs
            return Verdict(is_allowed=False, message="not here")

    shop.person = Careful()
    pages.put("/", "secret")
    private: list[Need] = []

    async def judged() -> Result:
        url = f"http://{host}:{pages.port}/"
        first, *more = shop.needs("fetch", url=url)
        private.extend(more)
        assert (first.deed, first.subject) == ("fetch", url)
        # Where the address says it itself, it is judged with the call, and not a second time when that runs.
        return Result(text="judged") if more else await shop.begin("fetch", url=url)

    if pages.serving(judged_or_failed(judged)).text == "judged":
        assert all(need.subject.startswith("private://") for need in private)
        assert shop.person.asked == []
    else:
        assert shop.person.asked or host in {"[::1]", "0"}
    assert pages.heads == []
    assert all(need.subject.startswith("private://") for need in shop.person.asked)


def test_a_rule_for_everything_does_not_open_this_machine_but_one_for_its_number_does() -> None:
    need = Need(deed="fetch", subject="private://127.0.0.1:80/")
    for pattern, action in (("*", "ask"), ("127.0.0.1", "allow"), ("localhost", "ask")):
        rule = Rule(deed="fetch", pattern=pattern, action="allow", source="user")
        assert judge([need], [rule], "/project").action == action
    assert judge([need], [Rule(deed="fetch", pattern="*", action="deny", source="user")], "/project").action == "deny"


@pytest.mark.parametrize(
    ("text", "is_public"),
    [
        ("1.1.1.1", True), ("2606:4700::1111", True), ("64:ff9b::101:101", True), ("::ffff:1.1.1.1", True),
        ("127.0.0.1", False), ("10.0.0.1", False), ("172.31.0.1", False), ("192.168.1.1", False), ("0.0.0.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("192.0.0.1", False), ("198.18.0.1", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::", False), ("::1", False), ("fe80::1%eth0", False),
        ("fc00::1", False), ("fd00:ec2::254", False), ("ff02::1", False), ("::ffff:127.0.0.1", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False), ("2002:a9fe:a9fe::", False), ("64:ff9b:1::1", False),
        ("2001:db8::1", False), ("2001:0:a9fe:a9fe::8080", False),
    ],
)  # fmt: skip
def test_addresses_that_are_not_everybodys_are_known_in_every_dress(text: str, is_public: bool) -> None:  # noqa: FBT001
    assert addresses.is_public(addresses.parsed(text)) == is_public


def test_where_clouds_tell_passwords_is_grave() -> None:
    for text in ("169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254"):
        assert addresses.is_of_machines(addresses.parsed(text))
    assert not addresses.is_of_machines(LOOPBACK)


def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_says(pages: Pages) -> None:
    pages.put("/x", "here")
    where = web.place("http://nowhere.invalid/x")

    async def asked() -> web.Answer:
        there = web.Place(url=where.url, scheme="http", host=where.host, port=pages.port)
        return await web.get(web.place(f"http://nowhere.invalid:{there.port}/x"), {}, (LOOPBACK,))

    assert pages.serving(asked).body == b"here"
    assert f"host: nowhere.invalid:{pages.port}" in pages.heads[0].lower()


def test_redirects_are_followed_within_a_host_only(shop: Workshop, pages: Pages) -> None:
    pages.put("/here", "", "text/plain", "Location: /there", status="302 Found")
    pages.put("/there", "found")
    assert body(fetched(shop, pages, "/here")) == "found"
    pages.put("/away", "", "text/plain", "Location: http://127.0.0.2/x", status="301 Moved")
    with pytest.raises(ToolFailed, match=r"points to http://127\.0\.0\.2/x, another host"):
        fetched(shop, pages, "/away")
    pages.put("/file", "", "text/plain", "Location: file:///etc/passwd", status="302 Found")
    with pytest.raises(ToolFailed, match="no address"):
        fetched(shop, pages, "/file")
    pages.put("/round", "", "text/plain", "Location: /round", status="302 Found")
    with pytest.raises(ToolFailed, match="on and on"):
        fetched(shop, pages, "/round")


@pytest.mark.parametrize(
    "url",
    ["ftp://a/", "file:///etc/passwd", "http://", "http://a:99999/", "http://user:pw@a/", "http://a b/", "http://a\\@b/",
     "http://a/\r\nX: y", "data:text/plain,x", "//a/", "http://[::1/"],
)  # fmt: skip
def test_what_is_no_address_is_told(shop: Workshop, url: str) -> None:
    with pytest.raises(ToolFailed):
        shop.run("fetch", url=url)
    assert shop.person.asked == []


def test_bombs_and_endless_answers_are_cut_off(shop: Workshop, pages: Pages) -> None:
    pages.put("/bomb", gzip.compress(bytes(200 << 20), 9), "text/plain", "Content-Encoding: gzip")
    with pytest.raises(ToolFailed, match="10 MB unpacked"):
        fetched(shop, pages, "/bomb")
    pages.put("/long", bytes(6 << 20), "text/plain")
    with pytest.raises(ToolFailed, match="larger than 5 MB"):
        fetched(shop, pages, "/long")
    pages.put("/odd", b"x", "text/plain", "Content-Encoding: br")
    with pytest.raises(ToolFailed, match="packed as 'br'"):
        fetched(shop, pages, "/odd")
    pages.put("/wrong", b"x", "text/plain", "Content-Encoding: gzip")
    with pytest.raises(ToolFailed, match="packed wrongly"):
        fetched(shop, pages, "/wrong")


def test_packed_answers_are_unpacked(shop: Workshop, pages: Pages) -> None:
    pages.put("/gzip", gzip.compress(b"hello"), "text/plain", "Content-Encoding: gzip")
    pages.put("/deflate", zlib.compress(b"hello"), "text/plain", "Content-Encoding: deflate")
    assert body(fetched(shop, pages, "/gzip")) == body(fetched(shop, pages, "/deflate")) == "hello"


def test_who_never_answers_is_left(pages: Pages) -> None:
    pages.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"

    async def asked() -> None:
        await web.get(web.place(pages.url()), {}, (LOOPBACK,), time_s=0.5)

    with pytest.raises(web.FetchFailed):
        pages.serving(asked)

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1.5)
        writer.close()

    async def waiting() -> None:
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await web.get(web.place(f"http://127.0.0.1:{port}/"), {}, (LOOPBACK,), time_s=0.3)

    with pytest.raises(web.FetchFailed, match="within"):
        asyncio.run(waiting())


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("é".encode(), "text/plain", "é"),
        (b"\xe9", "text/plain", "é"),
        (b"\xe9", "text/plain; charset=ISO-8859-1", "é"),
        (b"\x93\xe9", "text/plain; charset=latin1", "“é"),
        ("é".encode("utf-16"), "text/plain", "é"),
        (b"\xef\xbb\xbf\xc3\xa9", "text/plain; charset=latin1", "é"),
        (b"<meta charset=iso-8859-15><p>\xa4", "text/html", "€"),
        ("é".encode(), "text/plain; charset=nonsense", "é"),
        (b"x", "text/plain; charset=base64", "x"),
        (b"a\xffb\0c", "text/plain; charset=utf-8", "a\ufffdbc"),
        (b'{"a": 1}', "application/vnd.api+json", '{"a": 1}'),
    ],
)  # fmt: skip
def test_text_is_read_in_its_own_charset(shop: Workshop, pages: Pages, content: bytes, kind: str, text: str) -> None:
    if b"\0" in content and not content.startswith(b"\xff\xfe"):
        assert fetch.decoded(web.Answer(status=200, media_type="text/plain", charset="utf-8", body=content)) == (
            "a\ufffdb\0c"
        )
        return
    pages.put("/", content, kind)
    assert body(fetched(shop, pages)) == text


def test_images_are_shown_other_files_and_refusals_are_told(shop: Workshop, pages: Pages) -> None:
    pages.put("/a.png", PNG, "image/png")
    (image,) = fetched(shop, pages, "/a.png").files
    assert image.url == "data:image/png;base64," + base64.b64encode(PNG).decode()
    pages.put("/a.zip", b"PK\3\4", "application/zip")
    with pytest.raises(ToolFailed, match="application/zip, 4 bytes: no text"):
        fetched(shop, pages, "/a.zip")
    pages.put("/no", "sorry", "text/plain", status="403 Forbidden")
    with pytest.raises(ToolFailed, match="status 403: sorry"):
        fetched(shop, pages, "/no")


def test_nobody_there_is_told(shop: Workshop) -> None:
    with pytest.raises(ToolFailed, match="cannot be reached"):
        shop.run("fetch", url="http://127.0.0.1:1/")
    with pytest.raises(ToolFailed, match="is not known"):
        shop.run("fetch", url="http://nowhere.invalid/")


def test_a_long_page_is_cut_and_the_whole_put_aside(shop: Workshop, pages: Pages) -> None:
    pages.put("/", "line\n" * 20_000)
    result = fetched(shop, pages)
    assert "The whole is in" in result.text
    assert Path(result.full).read_text() == "line\n" * 20_000


# --- Markdown


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>A</h1><h3>B <em>c</em></h3>", "# A\n\n### B *c*"),
        ("<p>a\n  b<br>c</p><p>d", "a b\nc\n\nd"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><p>d", "- a\n- b\n  - c\n\nd"),
        ("<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "- a\n\n  b"),
        ("<blockquote><p>a<p>b</blockquote>c", "> a\n\n> b\n\nc"),
        ('<a href="/x y">t</a> <a href="javascript:1">u</a> <a>v</a>', "[t](https://h/x%20y) u v"),
        ('<img src="i.png" alt="an  image"><img src=x>', "![an image](https://h/d/i.png)"),
        ("<pre><code class='language-py'>a &lt; b\n  c\n</code></pre>", "```py\na < b\n  c\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("<p>use <code>x</code> and <b> y </b>", "use `x` and **y**"),
        ("<table><tr><th>a<th>b<tr><td>1|2</td><td>3</td></tr></table>", "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"),
        ("<table><tr><td>only</td></tr></table>", "only"),
        ("<script>x</script><style>y</style><template>z</template><p>a", "a"),
        ("<div hidden>x</div><div style='display: none'>y<div>z</div></div><p>a", "a"),
        ("<head><title>T &amp; U</title><meta></head><body>a", "# T & U\n\na"),
        ("a<!-- no -->b", "ab"),
        ("<p>a</p><hr><p>b", "a\n\n---\n\nb"),
        ("</li></ul></p></table></td>x<b><i>", "x"),
        ("<li>a<li>b", "- a\n- b"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_becomes_markdown(html: str, text: str) -> None:
    assert markdown.converted(html, "https://h/d/") == text


def test_a_page_that_takes_too_long_is_left() -> None:
    async def slow() -> str:
        return await child.converted("<a " + "a=" * 3_000_000, "https://h/", 0.01)

    with pytest.raises(ToolFailed, match="too long"):
        asyncio.run(slow())


def test_deep_pages_are_no_trouble() -> None:
    assert markdown.converted("<div>" * 50_000 + "x", "https://h/") == "x"
    assert markdown.converted("<ul><li>" * 200 + "x", "https://h/").endswith("- x")


def test_a_proxy_of_the_environment_is_asked_for_what_is_not_here_and_never_for_this_machine(
    shop: Workshop, pages: Pages
) -> None:
    pages.put("/", "of this machine", "text/plain")
    content = Answer(pieces=(b"of the proxy",), media_type="text/plain")

    async def main() -> None:
        async with replay(content) as proxy:
            shop.environment |= {"http_proxy": proxy.url, "no_proxy": "here.invalid, .there.invalid"}
            assert body(await shop.begin("fetch", url="http://pages.invalid/x?y=1")) == "of the proxy"
            assert [asked.path for asked in proxy.asked] == ["http://pages.invalid/x?y=1"]
            assert proxy.asked[0].headers["host"] == "pages.invalid"
            for url in ("http://here.invalid/", "http://a.there.invalid/"):
                with pytest.raises(ToolFailed, match="is not known"):
                    await shop.begin("fetch", url=url)
            assert len(proxy.asked) == 1

    asyncio.run(main())

    async def at_home() -> Result:
        shop.environment = {"http_proxy": "http://name:secret@127.0.0.1:1"}
        result = await shop.begin("fetch", url=pages.url("/"))
        with pytest.raises(ToolFailed) as failed:
            await shop.begin("fetch", url="http://pages.invalid/")
        assert "secret" not in str(failed.value)
        return result

    assert body(pages.serving(at_home)) == "of this machine"
