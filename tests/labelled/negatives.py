"""Classes that look like one thing and are two: each would cost a consolidation its trust."""

from __future__ import annotations

from itertools import combinations

NEGATIVES: dict[str, dict[str, str]] = {
    "one name, two things": {
        "cards/session.py": """
class Session:
    def charge_card(self, card, amount):
        receipt = card.authorise(amount)
        self.receipts.append(receipt)
        return receipt.number

    def refund_charge(self, number):
        return self.ledger.reverse(number)
""",
        "talk/session.py": """
class Session:
    def append_message(self, text):
        self.messages.append(text.strip())

    def last_speaker(self):
        return self.messages[-1].speaker
""",
        "exam/session.py": """
class Session:
    def open_questions(self, candidate):
        return [q for q in self.questions if q.id not in candidate.answers]

    def grade_paper(self, candidate):
        return sum(q.points for q in self.questions if candidate.answers.get(q.id) == q.key)
""",
    },
    "one name, two trades": {
        "press/job.py": """
class JobRunner:
    def __init__(self, presses):
        self.presses = presses

    def ink_plate(self, plate, colour):
        self.presses[plate.size].ink(colour, plate.area * 0.3)

    def cut_sheets(self, stack, knife):
        return [knife.cut(sheet) for sheet in stack]
""",
        "nightly/job.py": """
class JobRunner:
    def __init__(self, crontab, mailer):
        self.crontab = crontab
        self.mailer = mailer

    def due_entries(self, minute):
        return [e for e in self.crontab if e.matches(minute)]

    def mail_output(self, entry, output):
        if output:
            self.mailer.send(entry.owner, output)
""",
    },
    "one word, three trades": {
        "canal/channel.py": """
class Channel:
    def __init__(self, locks):
        self.locks = locks

    def lift_boat(self, boat, lock):
        lock.fill(boat.draught)
        self.locks[lock.name].append(boat)

    def toll_for(self, boat):
        return boat.length * 12 + len(self.locks) * 100
""",
        "telly/channel.py": """
class Channel:
    def __init__(self, frequency, guide):
        self.frequency = frequency
        self.guide = guide

    def programme_at(self, minute):
        return max((p for p in self.guide if p.start <= minute), key=lambda p: p.start)

    def tune_in(self, receiver):
        receiver.set_frequency(self.frequency)
""",
        "grpc_like/channel.py": """
class Channel:
    def __init__(self, address):
        self.address = address
        self.streams = {}

    async def open_stream(self, method):
        stream = await self.connect(self.address, method)
        self.streams[method] = stream
        return stream

    async def close(self):
        for stream in self.streams.values():
            await stream.end()
""",
    },
    "empty exceptions": {
        "cards/errors.py": "class LimitError(Exception):\n    pass\n\nclass CardError(Exception):\n    '''Declined.'''\n",
        "talk/errors.py": "class LimitError(Exception):\n    pass\n\nclass TalkError(Exception):\n    '''Muted.'''\n",
        "exam/errors.py": "class LimitError(Exception):\n    def __init__(self, limit):\n        super().__init__(f'over {limit}')\n        self.limit = limit\n",
        "press/errors.py": "class PaperError(Exception):\n    def __init__(self, limit):\n        super().__init__(f'over {limit}')\n        self.limit = limit\n",
    },
    "records that look alike": {
        "geo/point.py": "from dataclasses import dataclass\n\n@dataclass\nclass Point:\n    x: float\n    y: float\n    z: float\n    label: str\n",
        "game/point.py": "from dataclasses import dataclass\n\n@dataclass\nclass Position:\n    x: float\n    y: float\n    z: float\n    label: str\n",
        "chart/point.py": "from dataclasses import dataclass\n\n@dataclass\nclass Vector:\n    x: float\n    y: float\n    z: float\n    label: str\n\n    def __add__(self, other):\n        return Vector(self.x + other.x, self.y + other.y, self.z + other.z, self.label)\n",
        "robot/point.py": "from dataclasses import dataclass\n\n@dataclass\nclass Target:\n    x: float\n    y: float\n    z: float\n    label: str\n\n    def __add__(self, other):\n        return Target(self.x + other.x, self.y + other.y, self.z + other.z, self.label)\n",
    },
    "enums that look alike": {
        "orders/state.py": "from enum import Enum\n\nclass OrderState(Enum):\n    NEW = 'new'\n    OPEN = 'open'\n    DONE = 'done'\n",
        "tasks/state.py": "from enum import Enum\n\nclass TaskState(Enum):\n    NEW = 'new'\n    OPEN = 'open'\n    DONE = 'done'\n",
        "mails/state.py": "from enum import Enum\n\nclass MailState(Enum):\n    NEW = 'new'\n    OPEN = 'open'\n    DONE = 'done'\n",
        "calls/state.py": "from enum import Enum\n\nclass TaskState(Enum):\n    RINGING = 1\n    TALKING = 2\n    ENDED = 3\n",
    },
    "models that look alike": {
        "crm/models.py": "from pydantic import BaseModel\n\nclass CustomerIn(BaseModel):\n    name: str\n    mail: str\n    phone: str\n    city: str\n\n    class Config:\n        extra = 'forbid'\n        frozen = True\n",
        "hr/models.py": "from pydantic import BaseModel\n\nclass EmployeeIn(BaseModel):\n    name: str\n    mail: str\n    phone: str\n    city: str\n\n    class Config:\n        extra = 'forbid'\n        frozen = True\n",
        "blog/models.py": "from django.db import models\n\nclass Post(models.Model):\n    title = models.CharField(max_length=80)\n    slug = models.SlugField()\n    body = models.TextField()\n\n    class Meta:\n        ordering = ['slug']\n        verbose_name = 'post'\n\n    def __str__(self):\n        return self.title\n",
        "wiki/models.py": "from django.db import models\n\nclass Page(models.Model):\n    title = models.CharField(max_length=80)\n    slug = models.SlugField()\n    body = models.TextField()\n\n    class Meta:\n        ordering = ['slug']\n        verbose_name = 'page'\n\n    def __str__(self):\n        return self.title\n",
    },
    "written by a program": {
        "wire/orders_pb2.py": """
class OrderCodec:
    def encode_field(self, tag, value, out):
        out.append(tag << 3 | 2)
        out.append(len(value))
        out.extend(value)

    def decode_field(self, data, at):
        length = data[at + 1]
        return data[at + 2 : at + 2 + length], at + 2 + length
""",
        "wire/users_codec.py": """# Generated by the schema compiler. DO NOT EDIT.
class UserCodec:
    def encode_field(self, tag, value, out):
        out.append(tag << 3 | 2)
        out.append(len(value))
        out.extend(value)

    def decode_field(self, data, at):
        length = data[at + 1]
        return data[at + 2 : at + 2 + length], at + 2 + length
""",
    },
    "stand-ins for tests": {
        "mail/gateway.py": """
class MailGateway:
    def __init__(self, host):
        self.host = host

    def send_mail(self, to, text):
        with self.connect(self.host) as connection:
            return connection.deliver(to, text)

    def count_bounces(self, since):
        return sum(1 for bounce in self.bounces() if bounce.at >= since)
""",
        "tests/fakes.py": """
class FakeMailGateway:
    def __init__(self, host):
        self.host = host

    def send_mail(self, to, text):
        with self.connect(self.host) as connection:
            return connection.deliver(to, text)

    def count_bounces(self, since):
        return sum(1 for bounce in self.bounces() if bounce.at >= since)
""",
        "tests/test_one.py": "class TestMail:\n    def test_sending_reaches_the_host(self):\n        gateway = make_gateway('localhost')\n        gateway.send_mail('a@b', 'hello')\n        assert gateway.sent == ['hello']\n\nclass Helper:\n    def make_letter(self, to):\n        letter = {'to': to, 'text': 'hello', 'copies': 1}\n        letter.update(self.extra)\n        return letter\n",
        "tests/test_two.py": "class TestMail:\n    def test_sending_reaches_the_host(self):\n        gateway = make_gateway('localhost')\n        gateway.send_mail('a@b', 'hello')\n        assert gateway.sent == ['hello']\n\nclass Helper:\n    def make_letter(self, to):\n        letter = {'to': to, 'text': 'hello', 'copies': 1}\n        letter.update(self.extra)\n        return letter\n",
    },
    "services that share nothing": {
        "auth_service/Dockerfile": "FROM python\n",
        "auth_service/retry.py": """
class RetryLoop:
    def run_call(self, call, attempts):
        for attempt in range(attempts):
            try:
                return call()
            except OSError:
                self.sleep(2**attempt)
        raise TimeoutError("gave up")

    def spread_delay(self, attempt):
        return 2**attempt + self.random() * 0.1
""",
        "billing_service/Dockerfile": "FROM python\n",
        "billing_service/retry.py": """
class RetryLoop:
    def run_call(self, call, attempts):
        for attempt in range(attempts):
            try:
                return call()
            except OSError:
                self.sleep(2**attempt)
        raise TimeoutError("gave up")

    def spread_delay(self, attempt):
        return 2**attempt + self.random() * 0.1
""",
    },
    "one interface, many answers": {
        "export/base.py": """
from abc import ABC, abstractmethod


class ExportStrategy(ABC):
    @abstractmethod
    def open_target(self, path): ...

    @abstractmethod
    def write_rows(self, rows): ...

    @abstractmethod
    def close_target(self): ...
""",
        "export/csv_strategy.py": """
from export.base import ExportStrategy


class CsvExportStrategy(ExportStrategy):
    def open_target(self, path):
        self.file = open(path, "w")

    def write_rows(self, rows):
        for row in rows:
            self.file.write(",".join(row) + "\\n")

    def close_target(self):
        self.file.close()
""",
        "export/pdf_strategy.py": """
from export.base import ExportStrategy


class PdfExportStrategy(ExportStrategy):
    def open_target(self, path):
        self.canvas = make_canvas(path, pagesize="A4")

    def write_rows(self, rows):
        top = 800
        for row in rows:
            self.canvas.text(20, top, " | ".join(row))
            top -= 14

    def close_target(self):
        self.canvas.save()
""",
        "export/mail_strategy.py": """
from export.base import ExportStrategy


class MailExportStrategy(ExportStrategy):
    def open_target(self, path):
        self.address, self.parts = path, []

    def write_rows(self, rows):
        self.parts.extend(str(row) for row in rows)

    def close_target(self):
        deliver(self.address, "\\n".join(self.parts))
""",
    },
    "visitors of one library": {
        "lint/names.py": """
import ast


class NameVisitor(ast.NodeVisitor):
    def visit_FunctionDef(self, node):
        if not node.name.islower():
            self.problems.append((node.lineno, "function name"))
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        if not node.name[0].isupper():
            self.problems.append((node.lineno, "class name"))
        self.generic_visit(node)
""",
        "lint/sizes.py": """
import ast


class SizeVisitor(ast.NodeVisitor):
    def visit_FunctionDef(self, node):
        self.sizes[node.name] = node.end_lineno - node.lineno

    def visit_ClassDef(self, node):
        self.depth += 1
        for child in node.body:
            self.visit(child)
        self.depth -= 1
""",
        "manage/load.py": """
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("path")

    def handle(self, *args, **options):
        for row in read_rows(options["path"]):
            Article.objects.create(**row)
""",
        "manage/purge.py": """
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--days", type=int)

    def handle(self, *args, **options):
        gone, _ = Visit.objects.filter(age__gt=options["days"]).delete()
        self.stdout.write(f"{gone} visits purged")
""",
    },
    "repositories of other things": {
        "data/users.py": """
class UserRepository:
    def __init__(self, database):
        self.database = database

    def get_by_id(self, user_id):
        row = self.database.one("select * from users where id = ?", user_id)
        return User(**row) if row else None

    def save(self, user):
        self.database.run("insert into users values (?, ?)", user.id, user.name)

    def delete(self, user):
        self.database.run("delete from users where id = ?", user.id)
""",
        "data/orders.py": """
class OrderRepository:
    def __init__(self, database):
        self.database = database

    def get_by_id(self, order_id):
        row = self.database.one("select * from orders where id = ?", order_id)
        return Order(**row) if row else None

    def save(self, order):
        self.database.run("insert into orders values (?, ?)", order.id, order.name)

    def delete(self, order):
        self.database.run("delete from orders where id = ?", order.id)
""",
        "data/prices.py": """
class PriceRepository:
    def __init__(self, database):
        self.database = database

    def get_by_id(self, price_id):
        row = self.database.one("select * from prices where id = ?", price_id)
        return Price(**row) if row else None

    def save(self, price):
        self.database.run("insert into prices values (?, ?)", price.id, price.name)

    def delete(self, price):
        self.database.run("delete from prices where id = ?", price.id)
""",
    },
    "one for coroutines": {
        "http/client.py": """
class PlainClient:
    def fetch_page(self, url):
        with self.pool.connection(url) as connection:
            return connection.get(url).read()


class Client:
    def fetch_page(self, url):
        with self.pool.connection(url) as connection:
            return connection.get(url).read()

    def store_page(self, url, body):
        self.cache[url] = (self.clock(), body)
""",
        "http/aio.py": """
class AsyncClient:
    async def fetch_page(self, url):
        async with self.pool.connection(url) as connection:
            answer = await connection.get(url)
            return await answer.read()

    async def store_page(self, url, body):
        self.cache[url] = (self.clock(), body)
""",
    },
    "a class and what stands on it": {
        "shapes/base.py": """
class ReportBuilder:
    def __init__(self, title):
        self.title = title
        self.parts = []

    def add_heading(self, text):
        self.parts.append(f"# {text}")

    def build_report(self):
        return "\\n".join([self.title, *self.parts])
""",
        "shapes/sub.py": """
from shapes.base import ReportBuilder


class SalesReportBuilder(ReportBuilder):
    def add_heading(self, text):
        super().add_heading(f"Sales: {text}")

    def build_report(self):
        return super().build_report().upper()
""",
        "shapes/wrap.py": """
class LoggedReportBuilder:
    def __init__(self, inner):
        self.inner = inner

    def add_heading(self, text):
        print(text)
        self.inner.add_heading(text)

    def build_report(self):
        return self.inner.build_report()
""",
        "shapes/ports.py": """
from typing import Protocol


class ReportBuilderProtocol(Protocol):
    def add_heading(self, text): ...
    def build_report(self): ...
""",
        "shapes/factory.py": """
from shapes.base import ReportBuilder


class ReportBuilderFactory:
    def __init__(self, titles):
        self.titles = titles

    def create_report_builder(self, kind):
        return ReportBuilder(self.titles[kind])
""",
    },
    "neighbours that work together": {
        "pool/emitters.py": """
class EventEmitter:
    def __init__(self, sink):
        self.sink = sink

    def emit_event(self, kind, data):
        self.sink.write({"kind": kind, "data": data})


class EventEmitterPool:
    def __init__(self, size):
        self.idle = [EventEmitter(None) for _ in range(size)]

    def acquire_emitter(self, sink):
        emitter = self.idle.pop()
        emitter.sink = sink
        return emitter

    def release_emitter(self, emitter):
        emitter.sink = None
        self.idle.append(emitter)


class EventEmitterFactory:
    def __init__(self, pool):
        self.pool = pool

    def create_emitter(self, sink):
        return self.pool.acquire_emitter(sink)


class EventHeartbeat:
    def __init__(self, emitter, seconds):
        self.emitter = emitter
        self.seconds = seconds

    async def beat_forever(self, sleep):
        while True:
            self.emitter.emit_event("alive", {})
            await sleep(self.seconds)
""",
        "engines/run.py": """
class ExecutionEngine:
    def __init__(self, registry, bridge):
        self.registry = registry
        self.bridge = bridge

    async def execute(self, name, question):
        agent = self.registry.find(name)
        await self.bridge.started(name)
        answer = await agent.answer(question)
        await self.bridge.completed(name, answer)
        return answer
""",
        "tools/engine.py": """
class ToolExecutionEngine:
    def __init__(self, tools):
        self.tools = tools
        self.bridge = None

    def set_bridge(self, bridge):
        self.bridge = bridge

    async def execute_tool(self, name, arguments):
        tool = self.tools[name]
        return await tool(**arguments)
""",
    },
}


def different_pairs(category: str) -> list[tuple[str, str]]:
    """Every pair of classes of a category that looks alike is a pair that must not be reported."""
    return [pair for group in DIFFERENT[category] for pair in combinations(group, 2)]


DIFFERENT: dict[str, tuple[tuple[str, ...], ...]] = {
    "one name, two things": (
        ("cards.session.Session", "talk.session.Session", "exam.session.Session"),
    ),
    "one name, two trades": (("press.job.JobRunner", "nightly.job.JobRunner"),),
    "one word, three trades": (
        ("canal.channel.Channel", "telly.channel.Channel", "grpc_like.channel.Channel"),
    ),
    "empty exceptions": (
        ("cards.errors.LimitError", "talk.errors.LimitError", "exam.errors.LimitError"),
        ("cards.errors.CardError", "talk.errors.TalkError"),
        ("exam.errors.LimitError", "press.errors.PaperError"),
    ),
    "records that look alike": (
        ("geo.point.Point", "game.point.Position", "chart.point.Vector", "robot.point.Target"),
    ),
    "enums that look alike": (
        (
            "orders.state.OrderState",
            "tasks.state.TaskState",
            "mails.state.MailState",
            "calls.state.TaskState",
        ),
    ),
    "models that look alike": (
        ("crm.models.CustomerIn", "hr.models.EmployeeIn"),
        ("crm.models.CustomerIn.Config", "hr.models.EmployeeIn.Config"),
        ("blog.models.Post", "wiki.models.Page"),
        ("blog.models.Post.Meta", "wiki.models.Page.Meta"),
    ),
    "written by a program": (("wire.orders_pb2.OrderCodec", "wire.users_codec.UserCodec"),),
    "stand-ins for tests": (
        ("mail.gateway.MailGateway", "tests.fakes.FakeMailGateway"),
        ("tests.test_one.TestMail", "tests.test_two.TestMail"),
        ("tests.test_one.Helper", "tests.test_two.Helper"),
    ),
    "services that share nothing": (
        ("auth_service.retry.RetryLoop", "billing_service.retry.RetryLoop"),
    ),
    "one interface, many answers": (
        (
            "export.csv_strategy.CsvExportStrategy",
            "export.pdf_strategy.PdfExportStrategy",
            "export.mail_strategy.MailExportStrategy",
            "export.base.ExportStrategy",
        ),
    ),
    "visitors of one library": (
        ("lint.names.NameVisitor", "lint.sizes.SizeVisitor"),
        ("manage.load.Command", "manage.purge.Command"),
    ),
    "repositories of other things": (
        ("data.users.UserRepository", "data.orders.OrderRepository", "data.prices.PriceRepository"),
    ),
    "one for coroutines": (("http.client.Client", "http.aio.AsyncClient"),),
    "a class and what stands on it": (
        (
            "shapes.base.ReportBuilder",
            "shapes.sub.SalesReportBuilder",
            "shapes.wrap.LoggedReportBuilder",
            "shapes.ports.ReportBuilderProtocol",
            "shapes.factory.ReportBuilderFactory",
        ),
    ),
    "neighbours that work together": (
        (
            "pool.emitters.EventEmitter",
            "pool.emitters.EventEmitterPool",
            "pool.emitters.EventEmitterFactory",
            "pool.emitters.EventHeartbeat",
        ),
        ("engines.run.ExecutionEngine", "tools.engine.ToolExecutionEngine"),
    ),
}
