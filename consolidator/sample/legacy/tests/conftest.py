import asyncio
import inspect
import socket
import threading

import pytest
import uvicorn

from chat_backend.api.app import create_app


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Coroutine tests run in a loop of their own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


class Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.up.set()


@pytest.fixture(scope="session")
def address():
    """The app under uvicorn on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(), log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=1
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    assert server.up.wait(10)
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


class RecordingSocket:
    """A browser tab as a manager sees it."""

    def __init__(self):
        self.frames = asyncio.Queue()

    async def send_text(self, text):
        await self.frames.put(text)

    async def close(self, code=1000, reason=""):
        pass


@pytest.fixture
def tab():
    return RecordingSocket()
