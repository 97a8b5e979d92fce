"""The browser's client in a real browser, when one is installed."""

import asyncio
import functools
import http.server
import json
import queue
import shutil
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

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
