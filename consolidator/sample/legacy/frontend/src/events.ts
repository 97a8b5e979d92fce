export interface AgentEvent {
  type: string;
  user_id: string;
  timestamp: string;
  data: Record<string, unknown>;
}

export const FIVE = [
  "agent_started",
  "agent_thinking",
  "tool_executing",
  "tool_completed",
  "agent_completed",
] as const;
