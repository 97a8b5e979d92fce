// Socket.IO with connection state recovery under load: commands on stdin, JSON answers on stdout.
// Needs `npm install socket.io` in a folder that NODE_PATH names (its node_modules).
const { createServer } = require("http");
const { Server } = require("socket.io");
const readline = require("readline");

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000 },
  pingInterval: 600000,
});
const sockets = new Map();
io.on("connection", (socket) => sockets.set(socket.handshake.query.user, socket.id));

const now = () => Number(process.hrtime.bigint()) / 1e9;
const turn = () => new Promise(setImmediate);
const event = (user) => ({
  type: "load", seq: 1000, stream: "abcdefghijklmnop",
  timestamp: "2026-11-22T20:00:00.123456+00:00", user_id: user,
  thread_id: null, run_id: null, data: { t: now(), text: "x".repeat(30) },
});

const commands = {
  async fan_out(events) {
    for (let n = 0; n < events; n++) { io.emit("load", event("everybody")); await turn(); }
  },
  async streams(events) {
    for (let n = 0; n < events; n++) {
      for (const [user, id] of sockets) io.to(id).emit("load", event(user));
      await turn();
    }
  },
  async paced(events, rate) {
    const users = [...sockets], started = now();
    for (let done = 0; done < events;) {
      const due = Math.min(events, Math.floor((now() - started) * rate) + 1);
      for (; done < due; done++) {
        const [user, id] = users[done % users.length];
        io.to(id).emit("load", event(user));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
  async fill(users, events) {
    for (const user of users)
      for (let n = 0; n < events; n++) io.to(sockets.get(user)).emit("load", "x".repeat(65536));
  },
  async memory() {},
};

const kib = () => { global.gc?.(); return process.memoryUsage().rss / 1024; };
http.listen(0, "127.0.0.1", 4096, () =>
  console.log(JSON.stringify({ port: http.address().port, kib: kib() })));
readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const [what, ...options] = JSON.parse(line);
  const before = process.cpuUsage();
  await commands[what](...options);
  const used = process.cpuUsage(before);
  const answer = what === "memory" ? { kib: kib() } : { cpu: (used.user + used.system) / 1e6 };
  console.log(JSON.stringify(answer));
}).on("close", () => process.exit(0));
