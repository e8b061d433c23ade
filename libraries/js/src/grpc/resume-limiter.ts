/** Resumes of one channel at one server that wait for their answers at the same time; more of them wait for their turn. */
const MAX_AT_ONCE = 256;
/** The time that a resume waits behind others of its channel and server; then it is tried with them. */
const LONGEST_WAIT_MILLIS = 45_000;

/** An attempt to resume: it waits, is under way, and is over. */
export interface ResumePermit {
  /** The server has let it in. */
  onWelcome(): void;
  /** It failed or is no longer wanted; harmless after {@link onWelcome}. */
  onOver(): void;
}

interface Waiting {
  readonly begin: () => void;
  begun: boolean;
  over: boolean;
  timer?: NodeJS.Timeout;
}

/** A stream between two attempts; `server` is where the next one goes, '' for any. */
interface PausedStream {
  readonly server: string;
  readonly wake: () => void;
}

/**
 * The pacing of the sessions of one channel that resume together. Those of each server are paced by themselves: a server that does
 * not answer holds back its own sessions only.
 */
export class ResumeLimiter {
  /** The servers with attempts; '' is the channel's own choice. */
  private readonly servers = new Map<string, ServerResumes>();
  private readonly paused = new Map<object, PausedStream>();

  /** Runs `begin`, an attempt at this server, when it is due, maybe at once. */
  ask(server: string, begin: () => void): ResumePermit {
    return (this.servers.get(server) ?? this.add(server)).ask(begin);
  }

  private add(server: string): ServerResumes {
    // What the server could take the last time says nothing about this time.
    const added = new ServerResumes(() => {
      if (this.servers.get(server) === added) {
        this.servers.delete(server);
      }
    });
    this.servers.set(server, added);
    return added;
  }

  /** How many servers have attempts. */
  get serverCount(): number {
    return this.servers.size;
  }

  /** Remembers a stream whose attempt came to nothing, until it tries again. */
  pause(stream: object, server: string, wake: () => void): void {
    this.paused.set(stream, { server, wake });
  }

  /** Forgets a stream that tries again, or is over. */
  endPause(stream: object): void {
    this.paused.delete(stream);
  }

  /**
   * Wakes the streams that wait for a server which welcomes again, in place of waiting out the delays that its outage has left them. Their
   * attempts are paced as all are.
   */
  onWelcome(server: string): void {
    const woken = [...this.paused].filter(([, each]) => each.server === '' || each.server === server);
    for (const [stream] of woken) {
      this.paused.delete(stream);
    }
    for (const [, { wake }] of woken) {
      wake();
    }
  }
}

/**
 * The resumes at one server, against a thundering herd: one session asks first, each welcome admits two more, and a failed attempt
 * halves the number of those that ask at once.
 */
class ServerResumes {
  private readonly waiting: Waiting[] = [];
  private underWay = 0;
  private atOnce = 1;

  /** @param onIdle called when no attempt is left */
  constructor(private readonly onIdle: () => void) {}

  ask(begin: () => void): ResumePermit {
    const waiting: Waiting = { begin, begun: false, over: false };
    waiting.timer = setTimeout(() => this.begin(waiting), LONGEST_WAIT_MILLIS);
    this.waiting.push(waiting);
    this.beginDue();
    return {
      onWelcome: () => this.end(waiting, () => Math.min(MAX_AT_ONCE, this.atOnce + 1)),
      onOver: () => this.end(waiting, () => Math.max(1, Math.floor(this.atOnce / 2))),
    };
  }

  private beginDue(): void {
    for (let next = this.waiting[0]; next !== undefined && this.underWay < this.atOnce; next = this.waiting[0]) {
      this.begin(next);
    }
  }

  private begin(next: Waiting): void {
    this.waiting.splice(this.waiting.indexOf(next), 1);
    clearTimeout(next.timer);
    next.begun = true;
    this.underWay++;
    next.begin();
  }

  private end(waiting: Waiting, atOnce: () => number): void {
    if (waiting.over) {
      return;
    }
    waiting.over = true;
    clearTimeout(waiting.timer);
    if (waiting.begun) {
      this.underWay--;
      this.atOnce = atOnce();
    } else {
      this.waiting.splice(this.waiting.indexOf(waiting), 1);
    }
    this.beginDue();
    if (this.underWay === 0) {
      this.onIdle();
    }
  }
}
