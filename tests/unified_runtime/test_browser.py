"""The browser's client in a real browser, when one is installed."""

import asyncio
import functools
import http.server
import itertools
import json
import queue
import shutil
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect as open_socket

import unified_runtime

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
WEB = Path(unified_runtime.__file__).parent / "web"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

WATCHER = """
<iframe></iframe>
<script>
  const frame = document.querySelector("iframe");
  frame.src = "chat.html" + location.search;
  setInterval(() => {
    const items = [...frame.contentDocument.querySelectorAll("#events li")];
    fetch("/seen", { method: "POST", body: JSON.stringify(items.map((i) => i.dataset.type)) });
  }, 50);
</script>
"""


@pytest.fixture
def pages():
    """(address, queue of what the page showed): the files of `web/` and a page that watches."""
    seen = queue.Queue()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if not self.path.startswith("/watch.html"):
                super().do_GET()
                return
            self.answer(WATCHER.encode())

        def do_POST(self):
            seen.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"")

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=WEB)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


async def shown_until(seen, event_type):
    while True:
        types = await asyncio.to_thread(seen.get, timeout=30)
        if event_type in types:
            return types


async def test_the_page_shows_a_run_across_a_lost_connection(manager, url, pages, tmp_path):
    base, seen = pages
    bridge = unified_runtime.AgentWebSocketBridge.for_run(
        manager=manager, user_id="u1", run_id="r1"
    )
    await bridge.notify_agent_started("triage")
    page = f"{base}/watch.html?url={quote(url)}&token=user.u1&seq=0"
    browser = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", page,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert await shown_until(seen, "agent_started") == ["agent_started"]
        await bridge.notify_agent_thinking("triage", "hm")
        [connection] = manager._sessions.hub.connections("u1")
        connection.close(unified_runtime.CloseCode.SLOW_CONSUMER)
        call_id = await bridge.notify_tool_executing("triage", "search")
        await bridge.notify_tool_completed("triage", "search", call_id=call_id, duration=0.5)
        await bridge.notify_agent_completed("triage", "done")
        assert await shown_until(seen, "agent_completed") == list(unified_runtime.CRITICAL_EVENTS)
    finally:
        browser.terminate()
        await browser.wait()


class DevTools:
    """A page as its developer tools see it, also while it is frozen."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)

    async def call(self, method, **parameters):
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == number:
                return answer["result"]

    async def value(self, expression):
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"]["value"]

    async def shown(self):
        return await self.value(
            '[...document.querySelectorAll("#events li")].map((i) => i.dataset.type)'
        )

    async def shown_once_there_are(self, count):
        async with asyncio.timeout(30):
            while len(types := await self.shown()) < count:  # noqa: ASYNC110 - a page tells nobody
                await asyncio.sleep(0.02)
        return types


@asynccontextmanager
async def opened(page, folder):
    browser = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
        f"--user-data-dir={folder}", page,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        while b"DevTools listening on" not in (line := await browser.stderr.readline()):
            assert line, "Chromium ended"
        address = line.decode().split("//")[1].split("/")[0]
        [tab] = [tab for tab in await _tabs(address) if tab["type"] == "page"]
        async with open_socket(tab["webSocketDebuggerUrl"], max_size=None) as socket:
            yield DevTools(socket)
    finally:
        browser.terminate()
        await browser.communicate()


async def _tabs(address):
    def ask():
        with urlopen(f"http://{address}/json") as answer:
            return json.load(answer)

    return await asyncio.to_thread(ask)


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - counters tell nobody
            await asyncio.sleep(0.01)


async def test_a_hidden_and_frozen_page_has_every_event_once_and_in_order_when_it_is_back(
    manager, url, pages, tmp_path
):
    """None of its code runs meanwhile: events wait in the browser, and when its connection is cut too,
    in the journal."""
    expected = [f"note {n}" for n in range(300)]
    async with opened(
        f"{pages[0]}/chat.html?url={quote(url)}&token=user.u1&seq=0", tmp_path
    ) as page:
        await manager.emit("u1", expected[0], {})
        await page.shown_once_there_are(1)
        await page.call("Page.enable")
        await page.call("Page.setWebLifecycleState", state="frozen")
        assert await page.value("document.visibilityState") == "hidden"
        for event_type in expected[1:200]:
            await manager.emit("u1", event_type, {})
        await until(lambda: manager.stats()["delivered"] == 200)
        [connection] = manager._sessions.hub.connections("u1")
        connection.close(unified_runtime.CloseCode.IDLE)
        await until(lambda: not manager.is_connected("u1"))
        for event_type in expected[200:]:
            await manager.emit("u1", event_type, {})
        assert await page.shown() == expected[:1]
        await page.call("Page.setWebLifecycleState", state="active")
        assert await page.shown_once_there_are(300) == expected
