/** What the client is told when it starts, so that one build serves every environment; a build may name other defaults. */

/** The answer of `/config.json`. */
export interface Settings {
  /** Where the HTTP API is; empty: where the page came from. */
  api_url: string;
  /** Where the WebSocket is; empty: where the page came from. */
  websocket_url: string;
  /** Bytes that a file may have; absent where nobody has said. */
  upload_bytes_max?: number;
  /** An account to look around with, where there is one. */
  demo?: { email: string; password: string };
}

let settings: Settings = { api_url: "", websocket_url: "" };

/** Reads the settings; a server that has none leaves the defaults. */
export async function loadSettings(): Promise<void> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  if (answer.ok) {
    settings = { ...settings, ...((await answer.json()) as Partial<Settings>) };
  }
}

export function demoAccount(): Settings["demo"] {
  return settings.demo;
}

export function uploadBytesMax(): number | undefined {
  return settings.upload_bytes_max;
}

export function apiUrl(): string {
  return settings.api_url || process.env.NEXT_PUBLIC_API_URL || window.location.origin;
}

export function websocketUrl(): string {
  const named = settings.websocket_url || process.env.NEXT_PUBLIC_WEBSOCKET_URL;
  return named || `${window.location.origin.replace(/^http/, "ws")}/ws`;
}
