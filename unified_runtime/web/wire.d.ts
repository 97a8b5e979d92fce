// Made by `python -m unified_runtime.schema typescript`; do not edit.

export interface AgentStarted {
  agent_name: string;
}

export interface AgentThinking {
  agent_name: string;
  reasoning: string;
  step?: number | null;
  progress?: number | null;
}

export interface ToolExecuting {
  agent_name: string;
  tool_name: string;
  parameters: Record<string, unknown>;
  call_id: string;
}

export interface ToolCompleted {
  agent_name: string;
  tool_name: string;
  call_id: string;
  status: "error" | "ok";
  results: unknown;
  duration: number;
}

export interface AgentCompleted {
  agent_name: string;
  status: "cancelled" | "completed" | "failed";
  final_response: unknown;
  duration: number;
}

export interface Ready {
  type: "ready";
  stream: string;
  seq: number;
  resumed: boolean;
}

export interface Gap {
  type: "gap";
  from: number;
  to: number;
  reason: "new_stream" | "trimmed";
}

export interface Pong {
  type: "pong";
}

export interface AgentStartedEvent {
  type: "agent_started";
  seq: number;
  stream: string;
  timestamp: string;
  user_id: string;
  thread_id: string | null;
  run_id: string | null;
  data: AgentStarted;
}

export interface AgentThinkingEvent {
  type: "agent_thinking";
  seq: number;
  stream: string;
  timestamp: string;
  user_id: string;
  thread_id: string | null;
  run_id: string | null;
  data: AgentThinking;
}

export interface ToolExecutingEvent {
  type: "tool_executing";
  seq: number;
  stream: string;
  timestamp: string;
  user_id: string;
  thread_id: string | null;
  run_id: string | null;
  data: ToolExecuting;
}

export interface ToolCompletedEvent {
  type: "tool_completed";
  seq: number;
  stream: string;
  timestamp: string;
  user_id: string;
  thread_id: string | null;
  run_id: string | null;
  data: ToolCompleted;
}

export interface AgentCompletedEvent {
  type: "agent_completed";
  seq: number;
  stream: string;
  timestamp: string;
  user_id: string;
  thread_id: string | null;
  run_id: string | null;
  data: AgentCompleted;
}

export interface OtherEvent {
  type: string;
  seq: number;
  stream: string;
  timestamp: string;
  user_id: string;
  thread_id: string | null;
  run_id: string | null;
  data: Record<string, unknown>;
}

export type Frame = AgentStartedEvent | AgentThinkingEvent | ToolExecutingEvent | ToolCompletedEvent | AgentCompletedEvent | Ready | Gap | Pong;
