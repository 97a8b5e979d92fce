"""Twelve classes of different trades, from which copies are made."""

ORIGINALS: dict[str, str] = {
    "SocketHub": """
class SocketHub:
    def __init__(self, limit):
        self._sockets = {}
        self._limit = limit

    async def join_room(self, user, room, socket):
        members = self._sockets.setdefault(room, {})
        if len(members) >= self._limit:
            raise RuntimeError(f"{room} is full")
        await socket.accept()
        members[user] = socket

    async def leave_room(self, user, room):
        members = self._sockets.get(room, {})
        socket = members.pop(user, None)
        if socket is not None:
            await socket.close()
        if not members:
            self._sockets.pop(room, None)

    async def tell_room(self, room, text):
        gone = []
        for user, socket in self._sockets.get(room, {}).items():
            try:
                await socket.send_text(text)
            except ConnectionError:
                gone.append(user)
        for user in gone:
            await self.leave_room(user, room)

    def rooms_of(self, user):
        return sorted(room for room, members in self._sockets.items() if user in members)
""",
    "TokenBucket": """
class TokenBucket:
    def __init__(self, rate, burst, clock):
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._stamp = clock()

    def take_tokens(self, wanted):
        self._refill_bucket()
        if wanted > self._tokens:
            return False
        self._tokens -= wanted
        return True

    def wait_for_tokens(self, wanted):
        self._refill_bucket()
        missing = wanted - self._tokens
        return 0.0 if missing <= 0 else missing / self._rate

    def _refill_bucket(self):
        now = self._clock()
        passed = now - self._stamp
        self._stamp = now
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
""",
    "LeastRecentCache": """
class LeastRecentCache:
    def __init__(self, size):
        self._size = size
        self._items = OrderedDict()
        self.hits = 0
        self.misses = 0

    def read_entry(self, key, default=None):
        try:
            value = self._items[key]
        except KeyError:
            self.misses += 1
            return default
        self._items.move_to_end(key)
        self.hits += 1
        return value

    def write_entry(self, key, value):
        if key in self._items:
            self._items.move_to_end(key)
        self._items[key] = value
        while len(self._items) > self._size:
            self._items.popitem(last=False)

    def forget_prefix(self, prefix):
        doomed = [key for key in self._items if str(key).startswith(prefix)]
        for key in doomed:
            del self._items[key]
        return len(doomed)
""",
    "CsvImporter": """
class CsvImporter:
    def __init__(self, columns, delimiter=","):
        self._columns = columns
        self._delimiter = delimiter
        self.problems = []

    def import_rows(self, lines):
        header = next(iter(lines)).strip().split(self._delimiter)
        places = self._find_columns(header)
        for number, line in enumerate(lines, 2):
            cells = line.rstrip("\\n").split(self._delimiter)
            if len(cells) != len(header):
                self.problems.append((number, "wrong number of cells"))
                continue
            yield {name: cells[place] for name, place in places.items()}

    def _find_columns(self, header):
        places = {}
        for name in self._columns:
            if name not in header:
                raise ValueError(f"column {name} is missing")
            places[name] = header.index(name)
        return places

    def describe_problems(self):
        return "\\n".join(f"line {number}: {why}" for number, why in self.problems)
""",
    "JobQueue": """
class JobQueue:
    def __init__(self, store, visibility=30):
        self._store = store
        self._visibility = visibility

    def enqueue_job(self, name, payload, delay=0):
        job = {"name": name, "payload": payload, "tries": 0}
        job["id"] = self._store.next_id()
        self._store.put(job["id"], job, after=delay)
        return job["id"]

    def lease_job(self, worker):
        for job in self._store.due():
            if job["tries"] < 5:
                job["tries"] += 1
                job["worker"] = worker
                self._store.hide(job["id"], self._visibility)
                return job
        return None

    def finish_job(self, job_id, result):
        job = self._store.load(job_id)
        job["result"] = result
        self._store.archive(job_id, job)

    def retry_job(self, job_id, why):
        job = self._store.load(job_id)
        job.setdefault("errors", []).append(why)
        self._store.put(job_id, job, after=2 ** job["tries"])
""",
    "PriceList": """
class PriceList:
    def __init__(self, currency):
        self._currency = currency
        self._prices = {}
        self._rebates = []

    def set_price(self, article, cents):
        if cents < 0:
            raise ValueError("a price can't be negative")
        self._prices[article] = cents

    def grant_rebate(self, minimum, percent):
        self._rebates.append((minimum, percent))
        self._rebates.sort(reverse=True)

    def total_of(self, basket):
        total = sum(self._prices[article] * count for article, count in basket.items())
        for minimum, percent in self._rebates:
            if total >= minimum:
                total -= total * percent // 100
                break
        return total

    def print_total(self, basket):
        cents = self.total_of(basket)
        return f"{cents // 100}.{cents % 100:02d} {self._currency}"
""",
    "LogScanner": """
class LogScanner:
    def __init__(self, pattern, clock):
        self._pattern = re.compile(pattern)
        self._clock = clock
        self._counts = Counter()

    def scan_stream(self, stream):
        for line in stream:
            match = self._pattern.search(line)
            if match is None:
                continue
            level = match.group("level").upper()
            self._counts[level] += 1
            if level == "FATAL":
                yield self._clock(), line.rstrip()

    def busiest_levels(self, limit):
        return [level for level, _ in self._counts.most_common(limit)]

    def share_of_level(self, level):
        everything = sum(self._counts.values())
        if everything == 0:
            return 0.0
        return self._counts[level.upper()] / everything
""",
    "StockLedger": """
class StockLedger:
    def __init__(self):
        self._entries = []

    def book_delivery(self, article, amount, place):
        if amount <= 0:
            raise ValueError("a delivery brings something")
        self._entries.append((article, amount, place))

    def book_removal(self, article, amount, place):
        held = self.stock_at(article, place)
        if amount > held:
            raise ValueError(f"only {held} of {article} at {place}")
        self._entries.append((article, -amount, place))

    def stock_at(self, article, place):
        return sum(n for what, n, where in self._entries if what == article and where == place)

    def move_stock(self, article, amount, source, target):
        self.book_removal(article, amount, source)
        self.book_delivery(article, amount, target)

    def empty_places(self, article):
        places = {where for what, _, where in self._entries if what == article}
        return sorted(where for where in places if self.stock_at(article, where) == 0)
""",
    "GrantTable": """
class GrantTable:
    def __init__(self, parents):
        self._parents = parents
        self._grants = defaultdict(set)

    def grant_right(self, role, right):
        self._grants[role].add(right)

    def revoke_right(self, role, right):
        self._grants[role].discard(right)

    def rights_of(self, role):
        rights = set(self._grants[role])
        seen = {role}
        pending = list(self._parents.get(role, ()))
        while pending:
            parent = pending.pop()
            if parent in seen:
                continue
            seen.add(parent)
            rights |= self._grants[parent]
            pending.extend(self._parents.get(parent, ()))
        return rights

    def may_use(self, role, right):
        if right in self.rights_of(role):
            return True
        return "*" in self.rights_of(role)
""",
    "PulsePoller": """
class PulsePoller:
    def __init__(self, targets, fetch, alarm):
        self._targets = targets
        self._fetch = fetch
        self._alarm = alarm
        self._failures = dict.fromkeys(targets, 0)

    async def poll_targets(self):
        for name, address in self._targets.items():
            try:
                answer = await self._fetch(address, timeout=2.0)
            except (OSError, TimeoutError) as error:
                await self._note_failure(name, error)
            else:
                self._failures[name] = 0
                if answer.status >= 500:
                    await self._note_failure(name, answer.status)

    async def _note_failure(self, name, why):
        self._failures[name] += 1
        if self._failures[name] == 3:
            await self._alarm(f"{name} is down: {why}")

    def failing_targets(self):
        return [name for name, count in self._failures.items() if count]
""",
    "TextWrapper": """
class TextWrapper:
    def __init__(self, width, indent=""):
        self._width = width
        self._indent = indent

    def wrap_paragraph(self, text):
        lines = []
        current = self._indent
        for word in text.split():
            if current.strip() and len(current) + len(word) + 1 > self._width:
                lines.append(current)
                current = self._indent
            current += word if not current.strip() else " " + word
        if current.strip():
            lines.append(current)
        return lines

    def wrap_document(self, text):
        blocks = [block for block in text.split("\\n\\n") if block.strip()]
        return "\\n\\n".join("\\n".join(self.wrap_paragraph(block)) for block in blocks)

    def longest_word(self, text):
        return max(text.split(), key=len, default="")
""",
    "SlotPlanner": """
class SlotPlanner:
    def __init__(self, opening, closing, minutes):
        self._opening = opening
        self._closing = closing
        self._minutes = minutes
        self._taken = {}

    def free_slots(self, day):
        slot = self._opening
        while slot + self._minutes <= self._closing:
            if (day, slot) not in self._taken:
                yield slot
            slot += self._minutes

    def reserve_slot(self, day, slot, guest):
        if slot not in set(self.free_slots(day)):
            raise LookupError("that slot is taken")
        self._taken[day, slot] = guest

    def release_slot(self, day, slot):
        return self._taken.pop((day, slot), None)

    def guests_on(self, day):
        booked = [(slot, guest) for (when, slot), guest in self._taken.items() if when == day]
        return [guest for _, guest in sorted(booked)]
""",
}
