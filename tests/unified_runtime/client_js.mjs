// Drives web/client.js with a socket, a clock and a dice of our own. Takes a scenario per line of
// stdin and answers with what the client opened, sent, dispatched and left to the clock.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const sockets = [];
const timers = new Map();
let now = 0;
let number = 0;

class Socket {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  constructor(url, protocols) {
    Object.assign(this, { url: String(url), protocols });
    sockets.push(this);
  }
  send(text) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  say(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  end(code, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

const later = (repeat) => (call, delay) => {
  timers.set(++number, { call, at: now + delay, every: repeat ? delay : null });
  return number;
};
const forget = (id) => timers.delete(id);

function pass(milliseconds) {
  const end = now + milliseconds;
  for (;;) {
    const due = [...timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
    if (!due) break;
    const [id, timer] = due;
    now = timer.at;
    if (timer.every) timer.at += timer.every;
    else timers.delete(id);
    timer.call();
  }
  now = end;
}

Object.assign(globalThis, {
  WebSocket: Socket,
  setTimeout: later(false),
  setInterval: later(true),
  clearTimeout: forget,
  clearInterval: forget,
});
Math.random = () => 0.5;

const { EventStream } = await import(pathToFileURL(process.argv[2]));

async function run({ options, steps }) {
  sockets.length = now = 0;
  timers.clear();
  const { tokens } = options; // the next of them for each connection, null for one that fails
  if (tokens) options.token = async () => tokens.shift() ?? Promise.reject("offline");
  const seen = [];
  const stream = new EventStream("ws://h/ws?x=1", options);
  for (const type of ["note", "state", "gap", "event"])
    stream.addEventListener(type, ({ detail: { state, seq, to, code, delay } }) =>
      seen.push([type, state ?? seq ?? to, code, delay].filter((fact) => fact !== undefined)));
  for (const [step, ...args] of steps) {
    if (step === "pass") pass(...args);
    else if (step === "close") stream.close();
    else if (step === "settle") await new Promise(setImmediate);
    else sockets.at(-1)[step](...args);
  }
  const opened = sockets.map(({ url, protocols, sent }) => ({ url, protocols, sent }));
  return { opened, seen, position: stream.position, timers: timers.size };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(JSON.stringify(await run(JSON.parse(line))) + "\n");
