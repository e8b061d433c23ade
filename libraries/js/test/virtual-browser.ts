import type { Platform, PlatformRequest, PlatformResponse, PlatformSocket, PlatformSocketListener, Wake } from '../src/browser/platform.js';

/** A generator of numbers in [0, 1) that repeats for each seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs the reactions of everything that was settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** The gateway of a virtual browser. */
export interface VirtualGateway {
  connect(url: string, protocols: readonly string[], listener: PlatformSocketListener): PlatformSocket;
  fetch(url: string, request: PlatformRequest): Promise<PlatformResponse>;
}

/** A browser whose clock and network belong to a test. */
export class VirtualBrowser implements Platform {
  private millis = 0;
  private readonly timers = new Set<Timer>();
  private readonly wakes = new Set<(why: Wake) => void>();

  constructor(
    readonly random: () => number,
    private readonly gateway: VirtualGateway,
  ) {}

  now(): number {
    return this.millis;
  }

  setTimer(run: () => void, millis: number): unknown {
    const timer = { at: this.millis + millis, run };
    this.timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    this.timers.delete(timer as Timer);
  }

  openSocket(url: string, protocols: readonly string[], listener: PlatformSocketListener): PlatformSocket {
    return this.gateway.connect(url, protocols, listener);
  }

  fetch(url: string, request: PlatformRequest): Promise<PlatformResponse> {
    return this.gateway.fetch(url, request);
  }

  onWake(listener: (why: Wake) => void): () => void {
    this.wakes.add(listener);
    return () => this.wakes.delete(listener);
  }

  get listeners(): number {
    return this.wakes.size;
  }

  get pendingTimers(): number {
    return this.timers.size;
  }

  wake(why: Wake): void {
    [...this.wakes].forEach((each) => each(why));
  }

  /** Passes time as a page that is awake does. */
  async pass(millis: number): Promise<void> {
    const end = this.millis + millis;
    for (;;) {
      const due = [...this.timers].filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) {
        break;
      }
      this.timers.delete(due);
      this.millis = Math.max(this.millis, due.at);
      due.run();
      await settle();
    }
    this.millis = end;
  }

  /** Passes time as a page that is frozen does: no timer runs until it passes again. */
  sleep(millis: number): void {
    this.millis += millis;
  }
}
