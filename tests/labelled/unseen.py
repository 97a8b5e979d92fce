"""Pairs of other trades, written after the detector was frozen and scored at their first run.

`reports/duplicates.md` has the figures of that run; a rule that was changed afterwards is named there.
"""

UNSEEN: dict[str, str] = {
    # one thing twice: a copy with about a third of its lines edited
    "billing/stripe.py": """
class CardGateway:
    def __init__(self, session, secret):
        self.session = session
        self.secret = secret
        self.seen = {}

    def authorise(self, card, cents, currency):
        key = f"{card.token}:{cents}"
        if key in self.seen:
            return self.seen[key]
        reply = self.session.post("/v1/auth", json={"card": card.token, "amount": cents, "cur": currency})
        if reply.status_code != 200:
            raise ValueError(reply.text)
        self.seen[key] = reply.json()["id"]
        return self.seen[key]

    def settle(self, auth_id):
        reply = self.session.post(f"/v1/auth/{auth_id}/settle", json={})
        if reply.status_code != 200:
            raise ValueError(reply.text)
        return reply.json()["receipt"]

    def give_back(self, receipt, cents):
        reply = self.session.post("/v1/refunds", json={"receipt": receipt, "amount": cents})
        return reply.status_code == 200
""",
    "kiosk/cards.py": """
class KioskCardGateway:
    def __init__(self, session, secret, log):
        self.session = session
        self.secret = secret
        self.log = log
        self.done = {}

    def authorise(self, card, cents, currency):
        key = f"{card.token}:{cents}:{currency}"
        if key in self.done:
            self.log.info("again %s", key)
            return self.done[key]
        answer = self.session.post("/v1/auth", json={"card": card.token, "amount": cents, "cur": currency})
        if answer.status_code not in (200, 201):
            self.log.error(answer.text)
            raise ValueError(answer.text)
        self.done[key] = answer.json()["id"]
        return self.done[key]

    def settle(self, auth_id, tip=0):
        answer = self.session.post(f"/v1/auth/{auth_id}/settle", json={"tip": tip})
        if answer.status_code != 200:
            raise ValueError(answer.text)
        return answer.json()["receipt"]

    def print_slip(self, receipt):
        self.log.info("slip %s", receipt)
""",
    # one thing twice: methods, class and attributes renamed
    "feeds/parser.py": """
class FeedParser:
    def parse_entries(self, text):
        entries = []
        current = {}
        for line in text.splitlines():
            if not line.strip():
                if current:
                    entries.append(current)
                current = {}
                continue
            key, _, value = line.partition(":")
            current[key.strip().lower()] = value.strip()
        if current:
            entries.append(current)
        return entries

    def newest_entry(self, entries):
        dated = [entry for entry in entries if "date" in entry]
        return max(dated, key=lambda entry: entry["date"], default=None)
""",
    "imports/records.py": """
class RecordReader:
    def latest(self, rows):
        stamped = [row for row in rows if "date" in row]
        return max(stamped, key=lambda row: row["date"], default=None)

    def split_records(self, body):
        rows = []
        record = {}
        for raw in body.splitlines():
            if not raw.strip():
                if record:
                    rows.append(record)
                record = {}
                continue
            name, _, rest = raw.partition(":")
            record[name.strip().lower()] = rest.strip()
        if record:
            rows.append(record)
        return rows
""",
    # one thing twice: whole in one place, base and mixin in the other
    "jobs/whole.py": """
class NightlyScheduler:
    def __init__(self, clock):
        self.clock = clock
        self.plans = []

    def plan_task(self, name, hour):
        if not 0 <= hour < 24:
            raise ValueError(f"no such hour: {hour}")
        self.plans.append((hour, name))
        self.plans.sort()

    def due_tasks(self):
        now = self.clock().hour
        due = [name for hour, name in self.plans if hour <= now]
        self.plans = [plan for plan in self.plans if plan[0] > now]
        return due

    def render_plan(self):
        width = max((len(name) for _, name in self.plans), default=0)
        return "\\n".join(f"{hour:02d} {name:<{width}}" for hour, name in self.plans)

    def export_plan(self, sink):
        for hour, name in self.plans:
            sink.write(f"{hour},{name}\\n")
""",
    "cron/parts.py": """
class PlanKeeping:
    def plan_task(self, name, hour):
        if not 0 <= hour < 24:
            raise ValueError(f"no such hour: {hour}")
        self.plans.append((hour, name))
        self.plans.sort()

    def due_tasks(self):
        now = self.clock().hour
        due = [name for hour, name in self.plans if hour <= now]
        self.plans = [plan for plan in self.plans if plan[0] > now]
        return due


class PlanPrintingMixin:
    def render_plan(self):
        width = max((len(name) for _, name in self.plans), default=0)
        return "\\n".join(f"{hour:02d} {name:<{width}}" for hour, name in self.plans)

    def export_plan(self, sink):
        for hour, name in self.plans:
            sink.write(f"{hour},{name}\\n")
""",
    "cron/scheduler.py": """
from cron.parts import PlanKeeping, PlanPrintingMixin


class CronScheduler(PlanPrintingMixin, PlanKeeping):
    def __init__(self, clock):
        self.clock = clock
        self.plans = []
""",
    # one role, two writings
    "web/ratelimit.py": """
class LoginThrottle:
    def __init__(self, redis, limit):
        self.redis = redis
        self.limit = limit

    def record_failure(self, account):
        key = f"fail:{account}"
        self.redis.incr(key)
        self.redis.expire(key, 900)

    def is_locked(self, account):
        return int(self.redis.get(f"fail:{account}") or 0) >= self.limit

    def clear_failures(self, account):
        self.redis.delete(f"fail:{account}")
""",
    "api/throttle.py": """
class InMemoryLoginThrottle:
    def __init__(self, clock):
        self._failures = {}
        self._clock = clock

    def record_failure(self, account):
        self._failures.setdefault(account, []).append(self._clock())

    def is_locked(self, account):
        recent = [at for at in self._failures.get(account, []) if self._clock() - at < 900]
        return len(recent) > 4

    def clear_failures(self, account):
        self._failures.pop(account, None)
""",
    "crm/customers.py": """
class CustomerDao:
    def __init__(self, engine):
        self.engine = engine

    def find_by_email(self, email):
        with self.engine.begin() as connection:
            return connection.execute("select * from customers where email = ?", email).first()

    def insert_customer(self, customer):
        with self.engine.begin() as connection:
            connection.execute("insert into customers values (?, ?)", customer.email, customer.name)

    def archive_customer(self, email):
        with self.engine.begin() as connection:
            connection.execute("update customers set archived = 1 where email = ?", email)
""",
    "support/customers.py": """
class LegacyCustomerDAO:
    def __init__(self, connection):
        self.connection = connection

    def find_by_email(self, mail):
        cursor = self.connection.cursor()
        cursor.execute("SELECT id, mail FROM kunden WHERE mail = %s", (mail,))
        return cursor.fetchone()

    def add_customer(self, mail, name, phone):
        cursor = self.connection.cursor()
        cursor.execute("INSERT INTO kunden VALUES (%s, %s, %s)", (mail, name, phone))
        self.connection.commit()

    def archive_customer(self, mail):
        self.connection.cursor().execute("DELETE FROM kunden WHERE mail = %s", (mail,))
""",
    "ship/notify.py": """
class ParcelNotifier:
    def __init__(self, mailer):
        self.mailer = mailer

    def parcel_sent(self, parcel):
        self.mailer.send(parcel.owner, "sent", parcel.code)

    def parcel_delayed(self, parcel, days):
        self.mailer.send(parcel.owner, "late", f"{parcel.code}: {days}")
""",
    "depot/parcels.py": """
class ParcelNotifier:
    def __init__(self, queue, template):
        self.queue = queue
        self.template = template

    async def parcel_sent(self, code, owner):
        await self.queue.put({"to": owner, "text": self.template.format(code)})

    async def parcel_delayed(self, code, owner, reason):
        await self.queue.put({"to": owner, "text": reason, "code": code})

    async def parcel_returned(self, code):
        await self.queue.put({"code": code})
""",
    "nested/a.py": """
class Importer:
    class RowBuffer:
        def __init__(self, size):
            self.size = size
            self.rows = []

        def push_row(self, row, flush):
            self.rows.append(row)
            if len(self.rows) >= self.size:
                flush(self.rows)
                self.rows = []

        def drop_empty(self):
            self.rows = [row for row in self.rows if any(cell.strip() for cell in row)]
""",
    "nested/b.py": """
def make_buffer(size):
    class LineBuffer:
        def __init__(self, size):
            self.size = size
            self.pending = []

        def drop_empty(self):
            self.pending = [line for line in self.pending if any(c.strip() for c in line)]

        def push_row(self, line, flush):
            self.pending.append(line)
            if len(self.pending) >= self.size:
                flush(self.pending)
                self.pending = []

    return LineBuffer(size)
""",
    # different things
    "search/sync_client.py": """
class SearchClient:
    def __init__(self, http):
        self.http = http

    def query_index(self, index, text):
        reply = self.http.get(f"/{index}/_search", params={"q": text})
        reply.raise_for_status()
        return [hit["_source"] for hit in reply.json()["hits"]]

    def put_document(self, index, document):
        self.http.put(f"/{index}/_doc/{document.id}", json=document.dump())
""",
    "search/aio/sync_client.py": """
class SearchClient:
    def __init__(self, http):
        self.http = http

    async def query_index(self, index, text):
        reply = await self.http.get(f"/{index}/_search", params={"q": text})
        reply.raise_for_status()
        return [hit["_source"] for hit in reply.json()["hits"]]

    async def put_document(self, index, document):
        await self.http.put(f"/{index}/_doc/{document.id}", json=document.dump())
""",
    "store/base.py": """
from abc import ABC, abstractmethod


class BlobStore(ABC):
    @abstractmethod
    def put_blob(self, key, data): ...

    @abstractmethod
    def get_blob(self, key): ...

    @abstractmethod
    def list_blobs(self, prefix): ...
""",
    "store/disk.py": """
from store.base import BlobStore


class DiskBlobStore(BlobStore):
    def __init__(self, root):
        self.root = root

    def put_blob(self, key, data):
        (self.root / key).write_bytes(data)

    def get_blob(self, key):
        return (self.root / key).read_bytes()

    def list_blobs(self, prefix):
        return sorted(p.name for p in self.root.glob(prefix + "*"))
""",
    "store/s3.py": """
from store.base import BlobStore


class S3BlobStore(BlobStore):
    def __init__(self, client, bucket):
        self.client = client
        self.bucket = bucket

    def put_blob(self, key, data):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def get_blob(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def list_blobs(self, prefix):
        pages = self.client.paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page["Contents"]]
""",
    "shop/models.py": """
from django.db import models


class Article(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/articles/{self.slug}/"
""",
    "press/models.py": """
from django.db import models


class Release(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/releases/{self.slug}/"
""",
    "hr/tables.py": """
from hr.orm import Base, Column, Integer, String


class Employee(Base):
    __tablename__ = "employees"
    id = Column(Integer, primary_key=True)
    name = Column(String)

    def full_name(self):
        return self.name.title()


class Applicant(Base):
    __tablename__ = "applicants"
    id = Column(Integer, primary_key=True)
    name = Column(String)

    def full_name(self):
        return self.name.title()
""",
    "api/schemas.py": """
from pydantic import BaseModel, field_validator


class RoomIn(BaseModel):
    name: str
    seats: int

    @field_validator("seats")
    def positive(cls, value):
        if value < 1:
            raise ValueError("must be positive")
        return value


class DeskIn(BaseModel):
    name: str
    seats: int

    @field_validator("seats")
    def positive(cls, value):
        if value < 1:
            raise ValueError("must be positive")
        return value
""",
    "boot/heart.py": """
class Heart:
    def __init__(self, worker):
        self.worker = worker

    def start(self):
        self.worker.beat = True

    def stop(self):
        self.worker.beat = False
""",
    "game/heart.py": """
class Heart:
    def __init__(self, sprite, lives):
        self.sprite = sprite
        self.lives = lives

    def start(self):
        self.sprite.show(self.lives * 16)

    def stop(self):
        for frame in range(8):
            self.sprite.fade(frame)
""",
    "net/pool.py": """
class ConnectionPool:
    def __init__(self, factory, size):
        self.free = [factory() for _ in range(size)]

    def acquire(self):
        return self.free.pop()

    def release(self, connection):
        self.free.append(connection)
""",
    "swim/pool.py": """
class SwimmingPool:
    def __init__(self, lanes, depth):
        self.lanes = lanes
        self.depth = depth

    def book_lane(self, swimmer, hour):
        self.lanes[hour].append(swimmer)

    def water_volume(self):
        return self.depth * len(self.lanes) * 2.5 * 50
""",
    "tasks/mixins.py": """
class RetryMixin:
    def run_again(self, error):
        self.attempts += 1
        return self.attempts < 3 and not isinstance(error, ValueError)


class AuditMixin:
    def run_again(self, error):
        self.log.append(repr(error))
        return False
""",
    "commands/report.py": """
from tools.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--month")

    def handle(self, *args, **options):
        for line in self.books.month(options["month"]):
            self.stdout.write(line.text)
""",
    "commands/cleanup.py": """
from tools.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--older-than", type=int)

    def handle(self, *args, **options):
        removed = self.files.remove_older(options["older_than"])
        self.stdout.write(f"{removed} removed")
""",
    "drivers/base.py": """
class BaseDriver:
    def connect(self, url):
        raise NotImplementedError

    def fetch_rows(self, query):
        raise NotImplementedError
""",
    "drivers/mysql.py": """
from drivers.base import BaseDriver


class Driver(BaseDriver):
    def connect(self, url):
        self.handle = self.library.real_connect(url.host, url.port, charset="utf8mb4")

    def fetch_rows(self, query):
        cursor = self.handle.cursor()
        cursor.execute(query)
        return cursor.fetchall()
""",
    "drivers/sqlite.py": """
from drivers.base import BaseDriver


class Driver(BaseDriver):
    def connect(self, url):
        self.handle = self.library.connect(url.path, isolation_level=None)

    def fetch_rows(self, query):
        return list(self.handle.execute(query))
""",
    "tests/fakes.py": """
class FakeParcelNotifier:
    def __init__(self):
        self.calls = []

    def parcel_sent(self, parcel):
        self.calls.append(("sent", parcel))

    def parcel_delayed(self, parcel, days):
        self.calls.append(("late", parcel, days))
""",
    "errors/a.py": "class NotReady(Exception):\n    pass\n",
    "errors/b.py": "class NotReady(Exception):\n    pass\n",
    "kinds/a.py": "from enum import Enum\nclass Level(Enum):\n    LOW = 1\n    MID = 2\n    HIGH = 3\n",
    "kinds/b.py": "from enum import Enum\nclass Volume(Enum):\n    LOW = 1\n    MID = 2\n    HIGH = 3\n",
}

UNSEEN_SAME = (
    ("billing.stripe.CardGateway", "kiosk.cards.KioskCardGateway"),
    ("feeds.parser.FeedParser", "imports.records.RecordReader"),
    ("jobs.whole.NightlyScheduler", "cron.scheduler.CronScheduler"),
    ("web.ratelimit.LoginThrottle", "api.throttle.InMemoryLoginThrottle"),
    ("crm.customers.CustomerDao", "support.customers.LegacyCustomerDAO"),
    ("ship.notify.ParcelNotifier", "depot.parcels.ParcelNotifier"),
    ("nested.a.Importer.RowBuffer", "nested.b.make_buffer.<locals>.LineBuffer"),
)
UNSEEN_ROLES = UNSEEN_SAME[3:6]
"""Those of one role that were never copied from each other."""
UNSEEN_DIFFERENT = (
    ("search.sync_client.SearchClient", "search.aio.sync_client.SearchClient"),
    ("store.disk.DiskBlobStore", "store.s3.S3BlobStore"),
    ("store.base.BlobStore", "store.s3.S3BlobStore"),
    ("shop.models.Article", "press.models.Release"),
    ("shop.models.Article.Meta", "press.models.Release.Meta"),
    ("hr.tables.Employee", "hr.tables.Applicant"),
    ("api.schemas.RoomIn", "api.schemas.DeskIn"),
    ("boot.heart.Heart", "game.heart.Heart"),
    ("net.pool.ConnectionPool", "swim.pool.SwimmingPool"),
    ("tasks.mixins.RetryMixin", "tasks.mixins.AuditMixin"),
    ("commands.report.Command", "commands.cleanup.Command"),
    ("drivers.mysql.Driver", "drivers.sqlite.Driver"),
    ("drivers.base.BaseDriver", "drivers.sqlite.Driver"),
    ("ship.notify.ParcelNotifier", "tests.fakes.FakeParcelNotifier"),
    ("errors.a.NotReady", "errors.b.NotReady"),
    ("kinds.a.Level", "kinds.b.Volume"),
    ("crm.customers.CustomerDao", "ship.notify.ParcelNotifier"),
    ("cron.parts.PlanKeeping", "cron.scheduler.CronScheduler"),
)
