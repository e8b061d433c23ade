/** A reason to look at a connection again: the network changed, or the page was shown or thawed. */
export type Wake = 'network' | 'page';

/** A WebSocket, as the platform has it. */
export interface PlatformSocket {
  send(text: string): void;
  /** Begins the closing handshake; the listener hears of its end. */
  close(): void;
}

/** The listener of one WebSocket. */
export interface PlatformSocketListener {
  /** @param protocol the sub-protocol that the gateway selected */
  onOpen(protocol: string): void;
  onText(text: string): void;
  /** The last call; `code` is 1006 where the connection broke or was never made. */
  onClose(code: number): void;
}

/** The part of a response of `fetch` that is used. */
export interface PlatformResponse {
  readonly status: number;
  readonly body: { getReader(): PlatformReader } | null;
  text(): Promise<string>;
}

/** The reader of a response's body. */
export interface PlatformReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** The request of `fetch`. */
export interface PlatformRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly cache: 'no-store';
  readonly credentials: 'omit' | 'same-origin' | 'include';
  readonly signal: AbortSignal;
}

/** The parts of a browser that streams use; tests have their own. */
export interface Platform {
  /** A monotonic clock, in milliseconds. */
  now(): number;
  random(): number;
  setTimer(run: () => void, millis: number): unknown;
  clearTimer(timer: unknown): void;
  /** @param protocols the sub-protocols that are offered, the preferred one first */
  openSocket(url: string, protocols: readonly string[], listener: PlatformSocketListener): PlatformSocket;
  fetch(url: string, request: PlatformRequest): Promise<PlatformResponse>;
  /** Calls a listener at each wake, until the returned function is called. */
  onWake(listener: (why: Wake) => void): () => void;
}

interface EventSubject {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface BrowserSocket {
  readonly protocol: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** The globals of a page or a worker; a worker has no document. */
interface BrowserGlobals extends EventSubject {
  readonly WebSocket: new (url: string, protocols: readonly string[]) => BrowserSocket;
  readonly document?: EventSubject & { readonly visibilityState: string };
  fetch(url: string, request: PlatformRequest): Promise<PlatformResponse>;
}

/** The browser that this script runs in. */
export const browserPlatform: Platform = {
  now: () => performance.now(),
  random: () => Math.random(),
  setTimer: (run, millis) => setTimeout(run, millis),
  clearTimer: (timer) => clearTimeout(timer as number),
  openSocket(url, protocols, listener) {
    const socket = new (globals().WebSocket)(url, protocols);
    socket.onopen = () => listener.onOpen(socket.protocol);
    socket.onmessage = (event) => listener.onText(String(event.data));
    socket.onclose = (event) => listener.onClose(event.code);
    return socket;
  },
  fetch: (url, request) => globals().fetch(url, request),
  onWake(listener) {
    const page = globals().document;
    const network = (): void => listener('network');
    const shown = (): void => {
      if (page === undefined || page.visibilityState === 'visible') {
        listener('page');
      }
    };
    const subscriptions: [EventSubject, string, () => void][] = [
      [globals(), 'online', network],
      [globals(), 'pageshow', shown],
    ];
    if (page !== undefined) {
      subscriptions.push([page, 'visibilitychange', shown], [page, 'resume', shown]);
    }
    for (const [subject, type, call] of subscriptions) {
      subject.addEventListener?.(type, call);
    }
    return () => {
      for (const [subject, type, call] of subscriptions) {
        subject.removeEventListener?.(type, call);
      }
    };
  },
};

function globals(): BrowserGlobals {
  return globalThis as unknown as BrowserGlobals;
}
