"""Pairs written after the thresholds were set.

At the first run nothing was reported wrongly and three of the six families were found. Two rules were
then added (kin that offer the same operations; rewritten bodies under the same rare methods), which
found two more; from then on these pairs are no longer held out.
"""

HELD_OUT: dict[str, str] = {
    "pay/gateway.py": """
class PaymentGateway:
    def __init__(self, http, key):
        self.http = http
        self.key = key

    def charge(self, card, cents):
        answer = self.http.post("/charges", {"card": card, "amount": cents}, key=self.key)
        return answer["id"]

    def refund(self, charge_id, cents=None):
        return self.http.post(f"/charges/{charge_id}/refund", {"amount": cents}, key=self.key)

    def capture_later(self, charge_id):
        return self.http.post(f"/charges/{charge_id}/capture", {}, key=self.key)
""",
    "shop/payments.py": """
class PaymentGateway:
    def __init__(self, client, key, currency):
        self.client = client
        self.key = key
        self.currency = currency

    def make_charge(self, card, cents):
        body = {"card": card, "amount": cents, "currency": self.currency}
        return self.client.send("POST", "charges", body, self.key).json()

    def refund_charge(self, charge_id):
        return self.client.send("POST", "refunds", {"charge": charge_id}, self.key).json()
""",
    "weather/client.py": """
class WeatherClient:
    def __init__(self, http, token):
        self._http = http
        self._token = token

    def current_weather(self, city):
        data = self._http.get("/now", params={"q": city, "token": self._token})
        return {"city": city, "degrees": data["temp"], "sky": data["sky"].lower()}

    def weekly_forecast(self, city):
        data = self._http.get("/week", params={"q": city, "token": self._token})
        return [{"day": d["day"], "low": d["min"], "high": d["max"]} for d in data["days"]]
""",
    "farm/weather.py": """
class ForecastSource:
    def __init__(self, session, token, attempts=3):
        self.session = session
        self.token = token
        self.attempts = attempts

    def current_weather(self, place):
        payload = self._fetch("/now", place)
        return {"city": place, "degrees": payload["temp"], "sky": payload["sky"].lower()}

    def weekly_forecast(self, place):
        payload = self._fetch("/week", place)
        return [{"day": d["day"], "low": d["min"], "high": d["max"]} for d in payload["days"]]

    def _fetch(self, path, place):
        for attempt in range(self.attempts):
            try:
                return self.session.get(path, params={"q": place, "token": self.token})
            except OSError:
                if attempt == self.attempts - 1:
                    raise
""",
    "live/sessions.py": """
class SessionRegistry:
    def __init__(self):
        self._sessions = {}

    def register_session(self, user, session):
        self._sessions.setdefault(user, set()).add(session)

    def unregister_session(self, user, session):
        self._sessions[user].discard(session)

    def get_sessions(self, user):
        return sorted(self._sessions.get(user, ()))
""",
    "admin/sessions.py": """
class UnifiedSessionRegistry:
    def __init__(self, store, ttl):
        self.store = store
        self.ttl = ttl

    async def add_session(self, user, session):
        await self.store.sadd(f"s:{user}", session)
        await self.store.expire(f"s:{user}", self.ttl)

    async def remove_session(self, user, session):
        await self.store.srem(f"s:{user}", session)

    async def get_sessions(self, user):
        return await self.store.smembers(f"s:{user}")
""",
    "trail/audit.py": """
class AuditTrail:
    def __init__(self, sink):
        self.sink = sink

    def record_login(self, user, address):
        self.sink.append(("login", user, address))

    def record_change(self, user, table, row):
        self.sink.append(("change", user, f"{table}/{row}"))
""",
    "trail/audit_v2.py": """
class AuditTrailV2:
    def __init__(self, writer, clock):
        self._writer = writer
        self._clock = clock

    def record_login(self, login):
        self._writer.write(kind="login", at=self._clock(), **login.as_dict())

    def record_change(self, change, reason=""):
        self._writer.write(kind="change", at=self._clock(), reason=reason, **change.as_dict())

    def export_month(self, month):
        return [entry for entry in self._writer.read() if entry["at"].month == month]
""",
    "conf/loader.py": """
class ConfigLoader:
    def __init__(self, root):
        self.root = root

    def load_section(self, name):
        path = self.root / f"{name}.ini"
        values = {}
        for line in path.read_text().splitlines():
            if "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                values[key.strip()] = value.strip()
        return values
""",
    "worker/settings.py": """
class SettingsReader:
    def __init__(self, folder, suffix=".conf"):
        self.folder = folder
        self.suffix = suffix

    def load_section(self, section):
        path = self.folder / f"{section}{self.suffix}"
        settings = {}
        for line in path.read_text().splitlines():
            if "=" in line and not line.startswith(";"):
                key, _, value = line.partition("=")
                settings[key.strip().lower()] = value.strip()
        return settings
""",
    "bus/bus.py": """
class EventBus:
    def __init__(self):
        self.listeners = []

    def hand_out(self, topic, body):
        for listener in self.listeners:
            listener(topic, body)
""",
    "bus/progress.py": """
from bus.bus import EventBus


class ProgressEmitter:
    def __init__(self, bus: EventBus, task):
        self.bus = bus
        self.task = task

    def emit_step(self, step, total):
        self.bus.hand_out("step", {"task": self.task, "share": step / total})

    def emit_done(self, result):
        self.bus.hand_out("done", {"task": self.task, "result": result})
""",
    "bus/status.py": """
from bus.bus import EventBus


class TaskStatusEmitter:
    def __init__(self, task, bus: EventBus):
        self._task = task
        self._bus = bus

    def publish_step(self, step, total, note=""):
        self._bus.hand_out("step", {"task": self._task, "step": step, "of": total, "note": note})

    def publish_done(self, result):
        self._bus.hand_out("done", {"task": self._task, "result": result, "ok": True})

    def publish_failed(self, error):
        self._bus.hand_out("failed", {"task": self._task, "why": str(error)})
""",
    # different things from here on
    "mail/mailer.py": "class Mailer:\n    def deliver(self, to, text):\n        self.smtp.send(to, text)\n",
    "mail/invoice.py": """
from mail.mailer import Mailer


class InvoiceNotifier:
    def __init__(self, mailer: Mailer):
        self.mailer = mailer

    def remind_of_invoice(self, invoice):
        if invoice.due_in_days() < 3:
            self.mailer.deliver(invoice.customer.mail, f"{invoice.number} is due")
""",
    "mail/welcome.py": """
from mail.mailer import Mailer


class WelcomeNotifier:
    def __init__(self, mailer: Mailer):
        self.mailer = mailer

    def greet_member(self, member):
        text = "Welcome, " + member.first_name.title()
        self.mailer.deliver(member.mail, text)
""",
    "desk/orders.py": """
class OrderService:
    def __init__(self, orders):
        self.orders = orders

    def create(self, data):
        order = self.orders.new(data)
        order.number = self.orders.next_number()
        return self.orders.save(order)

    def update(self, order_id, data):
        order = self.orders.get(order_id)
        if order.shipped:
            raise ValueError("too late")
        order.change(data)
        return self.orders.save(order)

    def delete(self, order_id):
        self.orders.remove(order_id)
""",
    "desk/customers.py": """
class CustomerService:
    def __init__(self, customers):
        self.customers = customers

    def create(self, data):
        customer = self.customers.new(data)
        customer.score = 0
        return self.customers.save(customer)

    def update(self, customer_id, data):
        customer = self.customers.get(customer_id)
        customer.change(data)
        customer.touched = self.customers.now()
        return self.customers.save(customer)

    def delete(self, customer_id):
        self.customers.remove(customer_id)
""",
    "net/http_server.py": """
class HttpServer:
    def start(self, port):
        self.socket = self.listen(port, backlog=100)

    def serve(self):
        while self.socket:
            connection = self.socket.accept()
            self.pool.submit(self.answer, connection)

    def stop(self):
        self.socket = None
""",
    "net/mail_server.py": """
class MailServer:
    def start(self, folder):
        self.folder = folder
        self.watch = self.observe(folder)

    def serve(self):
        for letter in self.watch:
            self.boxes[letter.to].append(letter)

    def stop(self):
        self.watch.close()
""",
    "tree/node.py": """
class Node:
    def add_child(self, child):
        child.parent = self
        self.children.append(child)

    def walk_depth_first(self):
        yield self
        for child in self.children:
            yield from child.walk_depth_first()
""",
    "cluster/node.py": """
class Node:
    def heartbeat(self, clock):
        self.seen = clock()

    def is_leader(self, term):
        return self.votes.get(term, 0) * 2 > self.cluster_size
""",
    "door/states.py": """
class OpenState:
    def on_enter(self, door):
        door.lamp.green()

    def on_push(self, door):
        return ClosedState()


class ClosedState:
    def on_enter(self, door):
        door.lamp.red()
        door.bolt.shut()

    def on_push(self, door):
        return OpenState() if door.key else self
""",
    "plugins/git.py": """
class GitPlugin:
    name = "git"

    def activate(self, app):
        app.menu.add("Commit", self.commit)

    def deactivate(self, app):
        app.menu.remove("Commit")
""",
    "plugins/spell.py": """
class SpellPlugin:
    name = "spell"

    def activate(self, app):
        self.words = set(app.read("words.txt").split())
        app.editor.on_change(self.underline)

    def deactivate(self, app):
        app.editor.off_change(self.underline)
""",
    "web/a.py": """
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.page)
""",
    "web/b.py": """
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        key = self.path.rpartition("/")[2]
        value = self.server.store.get(key, b"")
        self.send_response(200 if value else 404)
        self.end_headers()
        self.wfile.write(value)
""",
    "geo/a.py": "from dataclasses import dataclass\n\n@dataclass\nclass Point:\n    x: float\n    y: float\n",
    "geo/b.py": "from dataclasses import dataclass\n\n@dataclass\nclass Point:\n    x: float\n    y: float\n",
    "mixins/time.py": "class TimestampMixin:\n    def touch(self):\n        self.changed = self.clock()\n        self.save()\n",
    "mixins/soft.py": "class SoftDeleteMixin:\n    def touch(self):\n        self.gone = False\n        self.save()\n",
}

HELD_OUT_SAME = (
    ("pay.gateway.PaymentGateway", "shop.payments.PaymentGateway"),
    ("weather.client.WeatherClient", "farm.weather.ForecastSource"),
    ("live.sessions.SessionRegistry", "admin.sessions.UnifiedSessionRegistry"),
    ("trail.audit.AuditTrail", "trail.audit_v2.AuditTrailV2"),
    ("conf.loader.ConfigLoader", "worker.settings.SettingsReader"),
    ("bus.progress.ProgressEmitter", "bus.status.TaskStatusEmitter"),
)
HELD_OUT_DIFFERENT = (
    ("mail.invoice.InvoiceNotifier", "mail.welcome.WelcomeNotifier"),
    ("desk.orders.OrderService", "desk.customers.CustomerService"),
    ("net.http_server.HttpServer", "net.mail_server.MailServer"),
    ("tree.node.Node", "cluster.node.Node"),
    ("door.states.OpenState", "door.states.ClosedState"),
    ("plugins.git.GitPlugin", "plugins.spell.SpellPlugin"),
    ("web.a.Handler", "web.b.Handler"),
    ("geo.a.Point", "geo.b.Point"),
    ("mixins.time.TimestampMixin", "mixins.soft.SoftDeleteMixin"),
    ("mail.mailer.Mailer", "mail.invoice.InvoiceNotifier"),
    ("bus.bus.EventBus", "bus.progress.ProgressEmitter"),
)
