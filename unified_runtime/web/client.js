// The browser's client: reconnects, resumes, and hands over every event once and in order.
//
//   const events = new EventStream("wss://example.org/ws", { token });
//   events.addEventListener("agent_started", ({ detail }) => show(detail.data));
//   events.addEventListener("gap", ({ detail }) => reload(detail));
//
// Dispatches one CustomEvent per wire event under its own type and again as "event", "gap" when
// history is gone, "state" with "connecting" | "open" | "waiting" | "refused" | "closed".

const FIRST_DELAY = 250; // milliseconds
const MAX_DELAY = 30_000;
const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000; // a connection without an answer is half-open
const OWN = new Set(["event", "gap", "state"]); // an application's events of such types are "event"s only

export class EventStream extends EventTarget {
  #url;
  #token;
  #socket = null;
  #attempt = 0;
  #timer = null;
  #heartbeat = null;
  #deadline = null;
  #closed = false;

  /**
   * @param {string} url
   * @param {{token?: string | (() => string | Promise<string>), stream?: string, seq?: number}}
   *   [options] A token that expires is given as a function, which is called for each connection;
   *   if it throws, the next connection is tried later. `stream` and `seq` continue where an
   *   earlier `position` stood; without them the stream starts behind what the user's connections
   *   were given before.
   */
  constructor(url, { token, stream = "", seq = null } = {}) {
    super();
    this.#url = url;
    this.#token = token;
    this.stream = stream;
    this.seq = seq;
    this.#connect();
  }

  /** To be kept, for instance in sessionStorage, and given to a later EventStream. */
  get position() {
    return { stream: this.stream, seq: this.seq };
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#socket) this.#leave(this.#socket, 1000);
    this.#say("closed");
  }

  #connect() {
    this.#say("connecting");
    if (typeof this.#token === "function") this.#askToken();
    else this.#open(this.#token);
  }

  async #askToken() {
    let token;
    try {
      token = await this.#token();
    } catch (error) {
      this.#retry(1006, `no token: ${error}`);
      return;
    }
    if (!this.#closed) this.#open(token);
  }

  #open(token) {
    const url = new URL(this.#url, globalThis.location?.href);
    if (this.seq !== null) {
      url.searchParams.set("stream", this.stream);
      url.searchParams.set("seq", String(this.seq));
    }
    const socket = new WebSocket(url, token ? ["wire", `bearer.${token}`] : ["wire"]);
    this.#socket = socket;
    socket.onopen = () => {
      socket.send('{"type":"ping"}'); // no `resume` will come: the server need not wait for it
      this.#heartbeat = setInterval(() => this.#ping(socket), PING_EVERY);
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#ended(socket, code, reason);
  }

  #ping(socket) {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send('{"type":"ping"}');
    this.#deadline ??= setTimeout(() => this.#ended(socket, 1006, "no answer"), PONG_WITHIN);
  }

  #take(frame) {
    if (this.#deadline || "timestamp" in frame) this.#attempt = 0; // more than a beginning
    clearTimeout(this.#deadline);
    this.#deadline = null;
    if (frame.type === "pong") return;
    if (frame.type === "ready") {
      if (this.seq === null || this.stream !== frame.stream) this.seq = frame.seq;
      this.stream = frame.stream;
      this.#say("open");
    } else if (frame.type === "gap") {
      this.seq = frame.to;
      this.#dispatch("gap", frame);
    } else if (frame.seq === this.seq + 1) {
      this.seq = frame.seq;
      if (!OWN.has(frame.type)) this.#dispatch(frame.type, frame);
      this.#dispatch("event", frame);
    } else if (frame.seq > this.seq + 1) {
      this.#ended(this.#socket, 1006, "a number is missing"); // resume asks for it again
    }
  }

  #ended(socket, code, reason) {
    if (socket !== this.#socket) return;
    this.#leave(socket);
    if (code >= 4400 && code < 4500) {
      this.#say("refused", { code, reason });
      return;
    }
    this.#retry(code, reason);
  }

  #retry(code, reason) {
    if (this.#closed) return;
    const delay = Math.random() * Math.min(MAX_DELAY, FIRST_DELAY * 2 ** this.#attempt++);
    this.#say("waiting", { code, reason, delay });
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  /** Nothing of it is heard any more, whatever is still on its way. */
  #leave(socket, code) {
    this.#socket = null;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#deadline);
    this.#deadline = null;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #say(state, more = {}) {
    this.#dispatch("state", { state, ...more });
  }

  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
