"""Classes that play one role without being copies: names, methods and collaborators tell, bodies do not."""

ROLES: dict[str, dict[str, str]] = {
    "notifiers of one event stream": {
        "alerts/sender.py": """
class IncidentNotifier:
    def __init__(self, gateway, user_id):
        self.gateway = gateway
        self.user_id = user_id

    async def notify_incident_opened(self, incident):
        await self.gateway.post(self.user_id, "opened", incident.title)

    async def notify_incident_closed(self, incident, seconds):
        await self.gateway.post(self.user_id, "closed", incident.title, seconds)

    async def notify_incident_escalated(self, incident, team):
        await self.gateway.post(self.user_id, "escalated", team)
""",
        "ops/incidents.py": """
class IncidentNotifier:
    def __init__(self, context, router):
        self._context = context
        self._router = router

    async def send_incident_opened(self, title, severity):
        frame = {"kind": "incident", "state": "open", "title": title, "severity": severity}
        return await self._dispatch(frame)

    async def send_incident_closed(self, title):
        return await self._dispatch({"kind": "incident", "state": "done", "title": title})

    async def send_incident_escalated(self, title, to):
        return await self._dispatch({"kind": "incident", "state": "up", "title": title, "to": to})

    async def _dispatch(self, frame):
        try:
            await self._router.route(self._context.user, frame)
        except OSError:
            return False
        return True
""",
        "ops/queued.py": """
class OptimizedIncidentNotifier:
    def __init__(self):
        self._backlog = []

    async def emit_incident_opened(self, run, incident):
        self._backlog.append((run, incident, 1))

    async def emit_incident_closed(self, run, incident):
        self._backlog = [entry for entry in self._backlog if entry[1] is not incident]

    async def emit_incident_escalated(self, run, incident):
        self._backlog.append((run, incident, 2))

    def drain(self):
        backlog, self._backlog = self._backlog, []
        return backlog
""",
    },
    "stores of one thing with other words": {
        "shop/carts.py": """
class ShoppingCartStore:
    def __init__(self, redis):
        self.redis = redis

    def add_cart_line(self, cart, article, count):
        self.redis.hincrby(f"cart:{cart}", article, count)

    def remove_cart_line(self, cart, article):
        self.redis.hdel(f"cart:{cart}", article)

    def get_cart_lines(self, cart):
        return {k: int(v) for k, v in self.redis.hgetall(f"cart:{cart}").items()}

    def merge_carts(self, source, target):
        for article, count in self.get_cart_lines(source).items():
            self.add_cart_line(target, article, count)
""",
        "checkout/legacy_carts.py": """
class LegacyShoppingCartStore:
    def __init__(self, connection):
        self.connection = connection

    def insert_cart_line(self, cart_id, sku, quantity):
        sql = "insert into lines values (?, ?, ?)"
        with self.connection as cursor:
            cursor.execute(sql, (cart_id, sku, quantity))

    def delete_cart_line(self, cart_id, sku):
        with self.connection as cursor:
            cursor.execute("delete from lines where cart = ? and sku = ?", (cart_id, sku))

    def fetch_cart_lines(self, cart_id):
        with self.connection as cursor:
            rows = cursor.execute("select sku, n from lines where cart = ?", (cart_id,))
            return dict(rows.fetchall())
""",
        "checkout/carts_v2.py": """
class ShoppingCartStoreV2:
    def __init__(self, documents, clock):
        self._documents = documents
        self._clock = clock

    async def add_cart_line(self, cart_id, line):
        await self._documents.push(cart_id, "lines", {**line, "at": self._clock()})

    async def remove_cart_line(self, cart_id, line_id):
        await self._documents.pull(cart_id, "lines", {"id": line_id})

    async def get_cart_lines(self, cart_id):
        document = await self._documents.find(cart_id)
        return [line for line in document["lines"] if not line.get("gone")]
""",
    },
    "protocols of one thing": {
        "core/ports.py": """
from typing import Protocol


class TicketPrinterProtocol(Protocol):
    def print_ticket(self, ticket): ...
    def void_ticket(self, ticket): ...
""",
        "gate/types.py": """
from typing import Protocol


class StrictTicketPrinter(Protocol):
    def print_ticket(self, ticket): ...
    def void_ticket(self, ticket): ...
    def paper_left(self): ...
""",
    },
    "emitters around one manager": {
        "live/manager.py": """
class LiveFeedManager:
    def __init__(self):
        self.feeds = {}

    async def push_frame(self, user_id, frame):
        for feed in self.feeds.get(user_id, ()):
            await feed.send(frame)
""",
        "live/runs.py": """
from live.manager import LiveFeedManager


class RunEmitter:
    def __init__(self, manager: LiveFeedManager, user_id, run_id):
        self._manager = manager
        self._user_id = user_id
        self._run_id = run_id

    async def emit_run_started(self, name):
        await self._emit("run_started", {"name": name})

    async def emit_run_ended(self, name, answer):
        await self._emit("run_ended", {"name": name, "answer": answer})

    async def _emit(self, kind, data):
        frame = {"kind": kind, "run": self._run_id, "data": data}
        await self._manager.push_frame(self._user_id, frame)
""",
        "live/jobs.py": """
from live.manager import LiveFeedManager


class JobEmitter:
    def __init__(self, user_id, run_id, manager: LiveFeedManager):
        self._feed = manager
        self._to = user_id
        self._run = run_id

    async def emit_run_started(self, name):
        await self._emit("run_started", {"name": name})

    async def emit_run_ended(self, name, answer):
        await self._emit("run_ended", {"name": name, "answer": answer})

    async def emit_share(self, share):
        await self._emit("share", {"share": share})

    async def _emit(self, kind, data):
        frame = {"kind": kind, "run": self._run, "data": data}
        await self._feed.push_frame(self._to, frame)
""",
        "live/threads.py": """
from live.manager import LiveFeedManager


class ThreadEmitter:
    def __init__(self, manager: LiveFeedManager, thread_id):
        self.manager = manager
        self.thread_id = thread_id

    async def typing(self, user_id):
        await self.manager.push_frame(user_id, {"kind": "typing", "thread": self.thread_id})
""",
    },
    "two managers with other method names": {
        "desk/manager.py": """
class SeatMapManager:
    def __init__(self):
        self._seats = {}
        self._holds = {}

    def hold_seat(self, flight, seat, passenger):
        self._holds[flight, seat] = passenger

    def confirm_seat(self, flight, seat):
        self._seats[flight, seat] = self._holds.pop((flight, seat))

    def seat_of(self, flight, passenger):
        return next((s for (f, s), p in self._seats.items() if f == flight and p == passenger), None)
""",
        "kiosk/seats.py": """
class SeatMapManager:
    def __init__(self, airline):
        self.airline = airline
        self.seats = {}

    def block(self, passenger, seat, flight):
        if seat in self.seats.get(flight, {}):
            raise ValueError("seat taken")
        self.seats.setdefault(flight, {})[seat] = passenger

    def passenger_on(self, seat, flight):
        return self.seats.get(flight, {}).get(seat)

    def release_seat(self, seat, flight):
        self.seats[flight].pop(seat)
""",
    },
    "validators with diverged rules": {
        "forms/address.py": """
class AddressValidator:
    def validate_street(self, street):
        return bool(street) and any(c.isdigit() for c in street)

    def validate_postal_code(self, code, country):
        return len(code) == {"DE": 5, "AT": 4}.get(country, 5)

    def validate_country(self, country):
        return country in {"DE", "AT", "CH"}
""",
        "import_jobs/address_checks.py": """
class EnhancedAddressValidator:
    def __init__(self, tables):
        self.tables = tables

    def check_street(self, street, strict):
        words = street.split()
        return len(words) > 1 or not strict

    def check_postal_code(self, code, country):
        pattern = self.tables.postal[country]
        return pattern.fullmatch(code) is not None

    def check_country(self, country):
        return self.tables.countries.contains(country.upper())
""",
    },
}

SAME_ROLE: dict[str, tuple[tuple[str, str], ...]] = {
    "notifiers of one event stream": (
        ("alerts.sender.IncidentNotifier", "ops.incidents.IncidentNotifier"),
        ("alerts.sender.IncidentNotifier", "ops.queued.OptimizedIncidentNotifier"),
        ("ops.incidents.IncidentNotifier", "ops.queued.OptimizedIncidentNotifier"),
    ),
    "stores of one thing with other words": (
        ("shop.carts.ShoppingCartStore", "checkout.legacy_carts.LegacyShoppingCartStore"),
        ("shop.carts.ShoppingCartStore", "checkout.carts_v2.ShoppingCartStoreV2"),
        ("checkout.legacy_carts.LegacyShoppingCartStore", "checkout.carts_v2.ShoppingCartStoreV2"),
    ),
    "protocols of one thing": (
        ("core.ports.TicketPrinterProtocol", "gate.types.StrictTicketPrinter"),
    ),
    "emitters around one manager": (
        ("live.runs.RunEmitter", "live.jobs.JobEmitter"),
        ("live.runs.RunEmitter", "live.threads.ThreadEmitter"),
        ("live.jobs.JobEmitter", "live.threads.ThreadEmitter"),
    ),
    "two managers with other method names": (
        ("desk.manager.SeatMapManager", "kiosk.seats.SeatMapManager"),
    ),
    "validators with diverged rules": (
        ("forms.address.AddressValidator", "import_jobs.address_checks.EnhancedAddressValidator"),
    ),
}
