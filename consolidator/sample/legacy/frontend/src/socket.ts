import type { AgentEvent } from "./events";
import { show } from "./show";

export function openSocket(token: string, page: HTMLElement): WebSocket {
  const socket = new WebSocket(`/ws?token=${encodeURIComponent(token)}`);
  socket.onmessage = (message: MessageEvent<string>) => {
    show(JSON.parse(message.data) as AgentEvent, page);
  };
  socket.onclose = (event: CloseEvent) => {
    if (event.code < 4400 || event.code > 4499) {
      setTimeout(() => openSocket(token, page), 1000);
    }
  };
  return socket;
}

export function ask(socket: WebSocket, text: string): void {
  socket.send(JSON.stringify({ type: "user_message", text }));
}
