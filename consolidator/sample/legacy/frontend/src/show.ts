import type { AgentEvent } from "./events";

function line(page: HTMLElement, text: string): void {
  const item = document.createElement("li");
  item.textContent = text;
  page.append(item);
}

export function show(event: AgentEvent, page: HTMLElement): void {
  switch (event.type) {
    case "agent_started":
      line(page, `${event.data.agent_name} is on it`);
      break;
    case "agent_thinking":
      line(page, `… ${event.data.reasoning}`);
      break;
    case "tool_executing":
      line(page, `looking at ${event.data.tool_name}`);
      break;
    case "tool_completed":
      line(page, `${event.data.tool_name}: ${event.data.status}`);
      break;
    case "agent_completed":
      line(page, String(event.data.final_response));
      break;
    case "agent_error":
      line(page, String(event.data.message));
      break;
  }
}
