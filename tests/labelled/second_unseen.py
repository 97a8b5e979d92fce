"""The held-out half of `field.py`: written with it, before a rule was changed, and scored once before that.

`reports/duplicates.md` has the figures of the first run.
"""

from __future__ import annotations

SECOND: dict[str, str] = {
    # generated, by the name of its folder and by a late line of its head
    "billing/_generated/operations.py": """
class InvoiceOperations:
    def __init__(self, client, config, serializer):
        self._client = client
        self._config = config
        self._serialize = serializer

    def begin_send(self, number, **kwargs):
        headers = kwargs.pop("headers", {}) or {}
        request = build_request("POST", f"/invoices/{number}/send", headers=headers)
        response = self._client.run(request, stream=False, **kwargs)
        if response.status_code not in (200, 202):
            raise map_error(response)
        return self._serialize(response)
""",
    "billing/_generated/more_operations.py": """
class ReceiptOperations:
    def __init__(self, client, config, serializer):
        self._client = client
        self._config = config
        self._serialize = serializer

    def begin_send(self, number, **kwargs):
        headers = kwargs.pop("headers", {}) or {}
        request = build_request("POST", f"/receipts/{number}/send", headers=headers)
        response = self._client.run(request, stream=False, **kwargs)
        if response.status_code not in (200, 202):
            raise map_error(response)
        return self._serialize(response)
""",
    # asynchronous by its folder; both without coroutines
    "search/_sync/plans.py": """
class RankingPlan:
    def query_body(self, text, field, k):
        return {"match": {field: {"query": text}}, "size": k, "rank": {"window": k * 10}}

    def mappings(self, field, dims):
        found = {field: {"type": "text"}}
        if dims:
            found["vector"] = {"type": "dense", "dims": dims}
        return {"properties": found}
""",
    "search/_async/plans.py": """
class AsyncRankingPlan:
    def query_body(self, text, field, k):
        return {"match": {field: {"query": text}}, "size": k, "rank": {"window": k * 10}}

    def mappings(self, field, dims):
        found = {field: {"type": "text"}}
        if dims:
            found["vector"] = {"type": "dense", "dims": dims}
        return {"properties": found}
""",
    # middlewares of one framework
    "crawl/middleware.py": """
class ProxyMiddleware:
    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler.settings["PROXIES"])

    def __init__(self, proxies):
        self.proxies = proxies

    def process_request(self, request, spider):
        scheme = request.url.partition(":")[0]
        if scheme in self.proxies and not request.meta.get("direct"):
            request.meta["proxy"] = self.proxies[scheme]


class CompressionMiddleware:
    @classmethod
    def from_crawler(cls, crawler):
        if not crawler.settings["COMPRESSION"]:
            raise LookupError("off")
        return cls(crawler.stats)

    def __init__(self, stats):
        self.stats = stats

    def process_request(self, request, spider):
        request.headers.setdefault("Accept-Encoding", "gzip, br")

    def process_response(self, request, response, spider):
        encoding = response.headers.pop("Content-Encoding", None)
        if encoding == "gzip":
            self.stats.count("gzip")
            return response.replace(body=gunzip(response.body))
        return response


class TimeoutMiddleware:
    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler.settings.number("TIMEOUT"))

    def __init__(self, seconds):
        self.seconds = seconds

    def process_request(self, request, spider):
        request.meta.setdefault("timeout", getattr(spider, "timeout", self.seconds))
""",
    # backends of one base, one name each
    "sessions/base.py": """
class SessionBase:
    def __init__(self, key=None):
        self.key = key
        self.data = {}

    def load_data(self):
        raise NotImplementedError

    def save_data(self, must_create=False):
        raise NotImplementedError

    def exists_key(self, key):
        raise NotImplementedError
""",
    "sessions/backends/cache.py": """
from sessions.base import SessionBase


class SessionStore(SessionBase):
    def load_data(self):
        found = self.cache.get("s:" + self.key)
        return found if found is not None else self.create()

    def save_data(self, must_create=False):
        put = self.cache.add if must_create else self.cache.set
        if not put("s:" + self.key, self.data, 1209600):
            raise RuntimeError(self.key)

    def exists_key(self, key):
        return "s:" + key in self.cache
""",
    "sessions/backends/file.py": """
from sessions.base import SessionBase


class SessionStore(SessionBase):
    def load_data(self):
        with open(self.path_of(self.key), encoding="ascii") as file:
            text = file.read()
        return self.decode(text) if text else {}

    def save_data(self, must_create=False):
        flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if must_create else 0)
        handle = os.open(self.path_of(self.key), flags)
        try:
            os.write(handle, self.encode(self.data).encode())
        finally:
            os.close(handle)

    def exists_key(self, key):
        return self.path_of(key).exists()
""",
    # numbers that belong to the name
    "wire/codecs.py": """
class RESP2Codec:
    def read_reply(self, raw):
        mark, rest = raw[:1], raw[1:]
        if mark == b"+":
            return rest.decode()
        if mark == b":":
            return int(rest)
        raise ValueError(raw)

    def write_command(self, words):
        return b"*%d\\r\\n" % len(words) + b"".join(map(self.bulk, words))


class RESP3Codec:
    def read_reply(self, raw):
        mark = raw[:1]
        reader = self.readers.get(mark)
        if reader is None:
            raise ValueError(f"unknown mark {mark!r}")
        value = reader(raw[1:])
        return self.push(value) if mark == b">" else value

    def write_command(self, words):
        head = [b"*", str(len(words)).encode(), b"\\r\\n"]
        for word in words:
            head += [b"$", str(len(word)).encode(), b"\\r\\n", word, b"\\r\\n"]
        return b"".join(head)
""",
    # versions of one API, in file names
    "api/tickets_v1.py": """
class TicketController:
    def open_ticket(self, user, subject, text):
        ticket = self.tickets.create(user=user.id, subject=subject[:80])
        self.tickets.add_note(ticket, text)
        self.mail.send(user.email, f"Ticket {ticket.number}", text)
        return ticket.number

    def close_ticket(self, user, number):
        ticket = self.tickets.by_number(number)
        if ticket.user != user.id and not user.is_staff:
            raise PermissionError(number)
        ticket.closed = self.clock.now()
        self.tickets.save(ticket)
""",
    "api/tickets_v2.py": """
class TicketController:
    def open_ticket(self, user, subject, text, files=()):
        ticket = self.tickets.create(user=user.id, subject=subject[:80])
        self.tickets.add_note(ticket, text, files)
        self.mail.send(user.email, f"Ticket {ticket.number}", text)
        return {"number": ticket.number}

    def close_ticket(self, user, number):
        ticket = self.tickets.by_number(number)
        if ticket.user != user.id and not user.is_staff:
            raise PermissionError(number)
        ticket.closed = self.clock.now()
        self.tickets.save(ticket)
""",
    # two services of one repository, each with its own copy
    "shop/pyproject.toml": "[project]\nname = 'shop'\n",
    "press/pyproject.toml": "[project]\nname = 'press'\n",
    "shop/src/tokens.py": """
class TokenSigner:
    def __init__(self, secret, ttl=3600):
        self.secret = secret
        self.ttl = ttl

    def sign_token(self, claims):
        body = json.dumps({**claims, "exp": time.time() + self.ttl}).encode()
        mark = hmac.new(self.secret, body, "sha256").hexdigest()
        return f"{base64.b64encode(body).decode()}.{mark}"

    def read_token(self, token):
        body, _, mark = token.partition(".")
        raw = base64.b64decode(body)
        if not hmac.compare_digest(mark, hmac.new(self.secret, raw, "sha256").hexdigest()):
            raise PermissionError("forged")
        return json.loads(raw)
""",
    "press/src/tokens.py": """
class TokenSigner:
    def __init__(self, secret, ttl=3600):
        self.secret = secret
        self.ttl = ttl

    def sign_token(self, claims):
        body = json.dumps({**claims, "exp": time.time() + self.ttl}).encode()
        mark = hmac.new(self.secret, body, "sha256").hexdigest()
        return f"{base64.b64encode(body).decode()}.{mark}"

    def read_token(self, token):
        body, _, mark = token.partition(".")
        raw = base64.b64decode(body)
        if not hmac.compare_digest(mark, hmac.new(self.secret, raw, "sha256").hexdigest()):
            raise PermissionError("forged")
        return json.loads(raw)
""",
    # one name, other things
    "office/calendar.py": """
class Event:
    def __init__(self, start, end, title):
        self.start, self.end, self.title = start, end, title

    def overlaps(self, other):
        return self.start < other.end and other.start < self.end

    def invite(self, people):
        return [f"{p.name}: {self.title} at {self.start:%H:%M}" for p in people]
""",
    "engine/loop.py": """
class Event:
    def __init__(self):
        self._flag = False
        self._waiters = []

    def set(self):
        self._flag = True
        for waiter in self._waiters:
            waiter.wake()

    def wait(self, task):
        if not self._flag:
            self._waiters.append(task)
            task.park()
""",
    # many classes that take the hub and are called sensors
    "home/sensors.py": """
class Hub:
    def subscribe(self, topic, call):
        self.calls.setdefault(topic, []).append(call)

    def publish(self, topic, value):
        for call in self.calls.get(topic, ()):
            call(value)


class RainSensor:
    def __init__(self, hub: Hub, gauge):
        self.hub = hub
        self.gauge = gauge

    def poll_gauge(self):
        millimetres = self.gauge.tips * 0.2794
        self.hub.publish("rain", millimetres)


class SmokeSensor:
    def __init__(self, hub: Hub, chamber):
        self.hub = hub
        self.chamber = chamber
        self.alarm = False

    def light_seen(self, level):
        if level > 0.7 and not self.alarm:
            self.alarm = True
            self.hub.publish("smoke", level)
""",
    # one thing twice: split over a base and a mixin, renamed
    "mailing/letters.py": """
class LetterQueue:
    def __init__(self, press):
        self.press = press
        self.waiting = []

    def add_letter(self, address, text):
        if "\\n" not in address:
            raise ValueError(f"no address: {address}")
        self.waiting.append((address, text))

    def print_waiting(self):
        for address, text in self.waiting:
            self.press.page(address.upper())
            self.press.page(text)
        self.waiting.clear()

    def oldest_letters(self, count):
        chosen = self.waiting[:count]
        self.waiting = self.waiting[count:]
        return [address.splitlines()[0] for address, _ in chosen]
""",
    "campaign/core.py": """
class Collecting:
    def __init__(self, press):
        self.press = press
        self.pending = []

    def add_letter(self, address, body):
        if "\\n" not in address:
            raise ValueError(f"no address: {address}")
        self.pending.append((address, body))


class PressMixin:
    def print_waiting(self):
        for address, body in self.pending:
            self.press.page(address.upper())
            self.press.page(body)
        self.pending.clear()
""",
    "campaign/queue.py": """
from campaign.core import Collecting, PressMixin


class CampaignQueue(PressMixin, Collecting):
    def oldest_letters(self, amount):
        taken = self.pending[:amount]
        self.pending = self.pending[amount:]
        return [address.splitlines()[0] for address, _ in taken]
""",
    # one thing twice: one method, rewritten a little, under another name
    "ops/probe.py": """
class DiskProbe:
    def measure(self, mounts):
        readings = []
        for mount in mounts:
            usage = shutil.disk_usage(mount)
            share = usage.used / usage.total
            if share > 0.9:
                readings.append((mount, "critical", round(share, 3)))
            elif share > 0.75:
                readings.append((mount, "warning", round(share, 3)))
        return sorted(readings, key=lambda reading: -reading[2])
""",
    "agent/storage.py": """
class StorageWatch:
    def check_all(self, paths):
        found = []
        for path in paths:
            usage = shutil.disk_usage(path)
            share = usage.used / usage.total
            if share > 0.9:
                found.append((path, "critical", round(share, 3)))
            elif share > 0.75:
                found.append((path, "warning", round(share, 3)))
        return sorted(found, key=lambda entry: -entry[2])
""",
    # one thing twice: one name, one base, methods of their own kept and edited
    "bus/base.py": """
class Consumer:
    def start(self):
        self.running = True

    def on_message(self, message):
        raise NotImplementedError
""",
    "bus/orders.py": """
from bus.base import Consumer


class OrderConsumer(Consumer):
    def on_message(self, message):
        order = json.loads(message.body)
        if order["id"] in self.seen_orders:
            return message.ack()
        self.remember_order(order)
        self.warehouse.reserve(order["lines"])
        return message.ack()

    def remember_order(self, order):
        self.seen_orders.add(order["id"])
        if len(self.seen_orders) > 10_000:
            self.seen_orders.pop()

    def requeue_failed(self):
        for message in self.failed.drain():
            message.headers["retries"] = message.headers.get("retries", 0) + 1
            self.channel.publish(message)
""",
    "legacy/consumers.py": """
from bus.base import Consumer


class OrderConsumer(Consumer):
    def on_message(self, message):
        order = json.loads(message.body)
        if order["id"] in self.seen_orders:
            self.log.debug("again: %s", order["id"])
            return message.ack()
        self.remember_order(order)
        self.stock.reserve(order["lines"])
        return message.ack()

    def remember_order(self, order):
        self.seen_orders.add(order["id"])

    def requeue_failed(self):
        for message in self.failed.drain():
            message.headers["retries"] = message.headers.get("retries", 0) + 1
            self.channel.publish(message)
""",
    # one thing twice: an emitter written anew, argument order and all, under the same name
    "live/emitter.py": """
class ProgressEmitter:
    def __init__(self, socket, user_id):
        self.socket = socket
        self.user_id = user_id

    async def emit_job_started(self, job, total):
        await self.socket.send_json({"type": "job_started", "job": job, "total": total, "user": self.user_id})

    async def emit_job_progress(self, job, done):
        await self.socket.send_json({"type": "job_progress", "job": job, "done": done, "user": self.user_id})

    async def emit_job_finished(self, job):
        await self.socket.send_json({"type": "job_finished", "job": job, "user": self.user_id})
""",
    "worker/notify.py": """
class JobProgressEmitter:
    def __init__(self, manager):
        self.manager = manager

    async def emit_job_started(self, user, job, **extra):
        payload = dict(extra, job=job, at=self.manager.clock())
        if not await self.manager.push(user, "job_started", payload):
            self.manager.park(user, "job_started", payload)

    async def emit_job_progress(self, user, job, percent):
        await self.manager.push(user, "job_progress", {"job": job, "percent": percent})

    async def emit_job_finished(self, user, job, result=None):
        if not await self.manager.push(user, "job_finished", {"job": job, "result": result}):
            self.manager.park(user, "job_finished", {"job": job})
""",
}

SECOND_SAME = (
    ("mailing.letters.LetterQueue", "campaign.queue.CampaignQueue"),
    ("ops.probe.DiskProbe", "agent.storage.StorageWatch"),
    ("bus.orders.OrderConsumer", "legacy.consumers.OrderConsumer"),
    ("live.emitter.ProgressEmitter", "worker.notify.JobProgressEmitter"),
)
SECOND_ROLES = SECOND_SAME[3:]
"""Those of one role that were never copied from each other."""
SECOND_DIFFERENT = (
    (
        "billing._generated.operations.InvoiceOperations",
        "billing._generated.more_operations.ReceiptOperations",
    ),
    ("search._sync.plans.RankingPlan", "search._async.plans.AsyncRankingPlan"),
    ("crawl.middleware.ProxyMiddleware", "crawl.middleware.CompressionMiddleware"),
    ("crawl.middleware.ProxyMiddleware", "crawl.middleware.TimeoutMiddleware"),
    ("crawl.middleware.CompressionMiddleware", "crawl.middleware.TimeoutMiddleware"),
    ("sessions.backends.cache.SessionStore", "sessions.backends.file.SessionStore"),
    ("wire.codecs.RESP2Codec", "wire.codecs.RESP3Codec"),
    ("api.tickets_v1.TicketController", "api.tickets_v2.TicketController"),
    ("shop.src.tokens.TokenSigner", "press.src.tokens.TokenSigner"),
    ("office.calendar.Event", "engine.loop.Event"),
    ("home.sensors.RainSensor", "home.sensors.SmokeSensor"),
    ("campaign.core.Collecting", "campaign.core.PressMixin"),
)
