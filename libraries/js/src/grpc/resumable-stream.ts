import { randomBytes } from 'node:crypto';
import {
  type CallCredentials,
  type CallOptions,
  type Deadline,
  Metadata,
  type MethodDefinition,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { StreamError } from '../errors.js';
import type { Attachment } from '../session/attachment.js';
import type { BufferBudget } from '../session/buffer-budget.js';
import { ClientSession } from '../session/client-session.js';
import type { SessionOptions } from '../session/options.js';
import type { CallClosure, SessionEnd, SessionOutput } from '../session/outputs.js';
import type { MethodKind, Peer } from '../session/plain-peer.js';
import type { SessionState } from '../session/session-state.js';
import { type FrameHeader, HIGHEST_TAG } from '../wire/frame-header.js';
import { type Hello, MAX_MILLIS, type Refusal, type Welcome, ownerOf, writeHello } from '../wire/handshake.js';
import type { SessionHandover } from '../wire/session-handover.js';
import { AttachmentCall, type AttachmentListener, type CallTarget } from './attachment-call.js';
import type { ResumeLimiter, ResumePermit } from './resume-limiter.js';
import { endStatus } from './session-end.js';

/** Writes that wait for room in the send buffer; more are refused. */
const MAX_WAITING_WRITES = 256;
/** The longest delay of a timer of Node. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

/** What a stream is opened with. */
export interface StreamOptions {
  /** Sent with each connection of the stream. */
  readonly metadata?: Metadata;
  /** The time at which the stream ends with DEADLINE_EXCEEDED. */
  readonly deadline?: Deadline;
  /** Ends the stream with CANCELLED; the error's cause is the signal's reason. */
  readonly signal?: AbortSignal;
  /** Asked for metadata by each connection of the stream, so tokens may expire. */
  readonly credentials?: CallCredentials;
  /** Called when the stream has had no connection for 2 s, with the most time for which attempts go on, and the last cause. */
  readonly onWaiting?: (leftMillis: number, cause: string) => void;
  /** Called after {@link onWaiting}, when the stream has a connection again. */
  readonly onResumed?: () => void;
  /**
   * Consents to messages of a handler that begins anew, and is called before the first of them, when the message before was processed.
   * A server-streaming method without side effects, whose handler marks no cursor, goes on so when its instance leaves: the request is sent
   * again, and what the stream has read may come again. `messages` is the number of messages that handlers before have sent in this
   * stream. Without it such a stream ends with {@link MovedError}, unless no message has come before.
   */
  readonly onRestarted?: (messages: number) => void;
}

/** What a stream shares with others of its client. */
export interface StreamHost {
  readonly options: SessionOptions;
  readonly budget: BufferBudget;
  readonly limiter: ResumeLimiter;
  /** What is known of the servers of a method; '' stands for all bidirectional ones. */
  peerOf(method: string): Peer;
  onPeer(method: string, peer: Peer): void;
  /** The client through which an attachment goes; `address` is '' for the usual one. */
  clientTo(address: string): CallTarget['client'];
  onOver(stream: object): void;
}

interface WaitingWrite {
  readonly body: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: StreamError) => void;
}

/**
 * A stream that outlives its connections. Each message arrives once and in order, or both sides are told that the stream is
 * lost: by a {@link LostError} or {@link MovedError} thrown to the reader and to writers. Any other status that is not OK is thrown as
 * a {@link StreamError}.
 *
 * It is read by one `for await`; asking for the next message says that the one before was processed, which acknowledges it to the server.
 * Leaving the loop cancels the stream.
 */
export class ResumableStream<Req, Res> implements AsyncIterableIterator<Res> {
  /** The response headers of the first connection; undefined when the stream ended without any. */
  readonly headers: Promise<Metadata | undefined>;
  /** The status and trailers of the stream, also when it is not OK. */
  readonly status: Promise<StatusObject>;

  private readonly session: ClientSession;
  private readonly calls = new Map<Attachment, AttachmentCall>();
  private readonly permits = new Map<Attachment, ResumePermit>();
  private readonly began = Date.now();
  private readonly metadata: Metadata;
  private readonly onAbort = (): void => this.cancel(this.options.signal?.reason);
  private resolveHeaders!: (headers: Metadata | undefined) => void;
  private resolveStatus!: (status: StatusObject) => void;

  private reader: { resolve: (result: IteratorResult<Res>) => void; reject: (error: Error) => void } | undefined;
  private inHand = 0;
  /** The messages before a handler that began anew, while the application has one of them in hand. */
  private untoldRestart: number | undefined;
  private ended: StatusObject | StreamError | undefined;

  private waitingWrites: WaitingWrite[] = [];
  private roomWaiters: { resolve: () => void; reject: (error: StreamError) => void }[] = [];
  private isHalfClosed = false;
  private hasHeaders = false;
  private readonly kind: MethodKind;
  private readonly peerKey: string;

  private driving = false;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;
  private lastEnd: StatusObject | undefined;
  private lastCause = '';
  private cancellation: StreamError | undefined;

  /** @internal streams are opened by a client */
  constructor(
    private readonly host: StreamHost,
    private readonly method: MethodDefinition<Req, Res>,
    private readonly options: StreamOptions,
  ) {
    this.metadata = options.metadata?.clone() ?? new Metadata();
    this.headers = new Promise((resolve) => (this.resolveHeaders = resolve));
    this.status = new Promise((resolve) => (this.resolveStatus = resolve));
    const random = {
      tag: () => 1 + Math.floor(Math.random() * HIGHEST_TAG),
      delay: (most: number) => Math.random() * most,
    };
    this.kind = kindOf(method);
    this.peerKey = this.kind === 'bidirectional' ? '' : method.path;
    this.session = new ClientSession(randomBytes(16), host.options, random, host.budget);
    if (options.onRestarted !== undefined) {
      this.session.acceptRestart();
    }
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
    this.input((now) => this.session.start(now, remainingMillis(options.deadline), host.peerOf(this.peerKey), this.kind));
    if (options.signal?.aborted) {
      this.onAbort();
    }
  }

  /** The id of the session as 32 hexadecimal digits, the same on both sides; no secret. */
  get sessionId(): string {
    return Buffer.from(this.session.id).toString('hex');
  }

  /** The state of the session, for diagnostics. */
  get state(): SessionState {
    return this.session.state;
  }

  /** Highest of the own messages up to which the server has processed everything. */
  get processedByPeer(): number {
    return this.session.sent.acked;
  }

  /**
   * Sends a message, which is kept until the server has processed it. The promise resolves when there is room for more: await it for
   * backpressure. It rejects when the stream is over, or when 256 writes wait already (RESOURCE_EXHAUSTED).
   */
  write(message: Req): Promise<void> {
    if (this.ended !== undefined) {
      return Promise.reject(this.writeError());
    }
    if (this.isHalfClosed) {
      return Promise.reject(new StreamError(status.FAILED_PRECONDITION, 'write after end'));
    }
    let body: Uint8Array;
    try {
      body = this.method.requestSerialize(message);
    } catch (cause) {
      return Promise.reject(new StreamError(status.INTERNAL, 'request: not serializable', undefined, { cause }));
    }
    if (this.waitingWrites.length === 0 && this.session.offer(body)) {
      this.drive();
      return this.session.isReady() ? Promise.resolve() : this.room();
    }
    if (this.waitingWrites.length >= MAX_WAITING_WRITES) {
      const waiting = `${MAX_WAITING_WRITES} writes wait for room (expected: await write)`;
      return Promise.reject(new StreamError(status.RESOURCE_EXHAUSTED, waiting));
    }
    return new Promise((resolve, reject) => this.waitingWrites.push({ body, resolve, reject }));
  }

  /** Half-closes the stream: nothing more will be written. Reading goes on. */
  end(): void {
    this.isHalfClosed = true;
    this.drive();
  }

  /** Ends the stream with CANCELLED, here at once and at the server as soon as possible. */
  cancel(reason?: unknown): void {
    this.cancelWith(new StreamError(status.CANCELLED, 'cancelled', undefined, { cause: reason }));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next message. Says that the one before was processed. One call at a time. */
  next(): Promise<IteratorResult<Res>> {
    if (this.reader !== undefined) {
      return Promise.reject(new StreamError(status.FAILED_PRECONDITION, 'next: one is awaited (expected: one at a time)'));
    }
    const result = new Promise<IteratorResult<Res>>((resolve, reject) => (this.reader = { resolve, reject }));
    this.tellRestart();
    this.input((now) => {
      this.session.processed(now, this.inHand);
      this.session.request(1);
    });
    this.settleReader();
    return result;
  }

  /**
   * The one response of a client-streaming method, when the stream is over. Says that it was processed.
   *
   * @throws StreamError with INTERNAL when there are none or several
   */
  async response(): Promise<Res> {
    const first = await this.next();
    const second = first.done ? first : await this.next();
    if (first.done || !second.done) {
      this.cancel();
      throw new StreamError(status.INTERNAL, `${first.done ? 'no response' : 'several responses'} (expected: one)`);
    }
    return first.value;
  }

  /** Leaves the stream: cancels it, unless it is over. The message in hand does not count as processed. */
  return(): Promise<IteratorResult<Res>> {
    this.cancel();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** @internal the channel is closed: nobody can be told any more */
  abandon(): void {
    this.cancelWith(new StreamError(status.CANCELLED, 'client closed'));
    setImmediate(() => this.input(() => this.session.abandon()));
  }

  private cancelWith(error: StreamError): void {
    if (this.ended === undefined) {
      this.cancellation ??= error;
      this.input((now) => this.session.cancel(now));
    }
  }

  // What the session wants.

  private input(apply: (now: number) => void): void {
    apply(performance.now());
    this.drive();
  }

  /** Executes outputs until there are none. */
  private drive(): void {
    if (this.driving) {
      return;
    }
    this.driving = true;
    try {
      do {
        for (let out = this.poll(); out !== undefined; out = this.poll()) {
          this.act(out);
        }
      } while (this.takeWrites());
    } finally {
      this.driving = false;
    }
    this.arm();
    if (this.session.isOver) {
      this.host.limiter.endPause(this);
      this.host.onOver(this);
    }
  }

  private poll(): SessionOutput | undefined {
    return this.session.poll(performance.now());
  }

  private act(output: SessionOutput): void {
    switch (output.type) {
      case 'send':
        this.calls.get(output.attachment)?.send(output.header, output.body);
        break;
      case 'deliver':
        this.deliver(output.seq, output.body);
        break;
      case 'request':
        this.calls.get(output.attachment)?.request();
        break;
      case 'start-call':
        this.open(output.attachment, output.hello, output.address, output.handover);
        break;
      case 'half-close':
        this.calls.get(output.attachment)?.halfClose();
        break;
      case 'end-call':
        this.lastCause = output.why;
        this.permits.get(output.attachment)?.onOver();
        this.calls.get(output.attachment)?.close(output.why);
        break;
      case 'restarted':
        this.untoldRestart = output.messages;
        this.tellRestart();
        break;
      case 'ready':
        break;
      case 'waiting':
        this.options.onWaiting?.(output.leftMillis, this.lastCause);
        break;
      case 'resumed':
        this.options.onResumed?.();
        break;
      case 'ended':
        this.onEnded(output.end);
    }
  }

  private open(attachment: Attachment, hello: Hello, address: string, handover: SessionHandover): void {
    this.host.limiter.endPause(this);
    const server = address === ownerOf(hello.token) ? address : '';
    const comesBack = hello.token.length > 0 || handover.isPresent;
    const begin = (): void => {
      if (comesBack) {
        this.session.onHelloSent(performance.now(), attachment);
      }
      this.session.onHelloUnsent(attachment);
      const target = this.target(server);
      const call = new AttachmentCall(attachment, target, () => this.bytesOf(hello), handover, this.listener);
      this.calls.set(attachment, call);
      call.awaitConnection();
      // The turn of a resume comes from outside of the outputs.
      this.drive();
    };
    if (!comesBack) {
      begin();
      return;
    }
    this.session.onResumeQueued(attachment);
    // Its end may come before its turn, or while it begins.
    let over = false;
    this.permits.set(attachment, { onWelcome: () => undefined, onOver: () => (over = true) });
    const permit = this.host.limiter.ask(server, () => {
      if (!over) {
        begin();
      }
    });
    const ended = over;
    this.permits.set(attachment, permit);
    if (ended) {
      permit.onOver();
    }
  }

  /** @param server as host:port; '' for the channel's own choice */
  private target(server: string): CallTarget {
    const { deadline, credentials } = this.options;
    const options: CallOptions = {
      ...(deadline === undefined ? {} : { deadline }),
      ...(credentials === undefined ? {} : { credentials }),
    };
    return { client: this.host.clientTo(server), path: this.method.path, metadata: this.metadata, options };
  }

  /** Monotonic time stands still while a machine sleeps, and the session is older by that. */
  private bytesOf(hello: Hello): Buffer {
    const age = Date.now() - this.began + this.host.options.handshakeMillis;
    return writeHello(hello.age === 0 ? hello : { ...hello, age: Math.min(Math.max(hello.age, age), MAX_MILLIS) });
  }

  private arm(): void {
    const due = this.session.nextDeadline() ?? Infinity;
    if (due >= this.timerAt && this.timer !== undefined && due !== Infinity) {
      // A timer may fire early, and never late.
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerAt = due;
    if (due !== Infinity) {
      const delay = Math.min(Math.max(0, Math.ceil(due - performance.now())), LONGEST_TIMER_MILLIS);
      this.timer = setTimeout(() => this.onTimer(), delay);
      if (this.ended !== undefined) {
        // The application knows the end: what is left to say to the server keeps no process alive.
        this.timer.unref();
      }
    }
  }

  private onTimer(): void {
    this.timer = undefined;
    this.timerAt = Infinity;
    this.input((now) => {
      const due = this.session.nextDeadline();
      if (due !== undefined && due <= now) {
        this.session.onTimeout(now);
      }
    });
  }

  private readonly listener: AttachmentListener = {
    onConnected: (attachment) => this.input((now) => this.session.onHelloSent(now, attachment)),
    onWritable: (attachment, writable) => this.input(() => this.session.onWritable(attachment, writable)),
    onHeaders: (headers) => {
      this.hasHeaders = true;
      this.resolveHeaders(headers);
    },
    onWelcome: (attachment: Attachment, welcome: Welcome) => {
      this.host.onPeer(this.peerKey, 'holdfast');
      this.input((now) => this.session.onWelcome(now, attachment, welcome));
      this.permits.get(attachment)?.onWelcome();
      this.host.limiter.onWelcome(ownerOf(welcome.token));
    },
    onPlainHeaders: (attachment) => {
      this.host.onPeer(this.peerKey, 'likely-plain');
      this.input((now) => this.session.onPlainHeaders(now, attachment));
    },
    onFrame: (attachment: Attachment, header: FrameHeader | undefined, body: Uint8Array) =>
      this.input((now) => this.session.onFrame(now, attachment, header, body)),
    onRefused: (attachment: Attachment, refusal: Refusal, end: StatusObject) => {
      this.forget(attachment, end, refusal.code);
      this.input((now) => this.session.onRefused(now, attachment, refusal));
      this.pause();
    },
    onClosed: (attachment: Attachment, how: CallClosure, end: StatusObject) => {
      this.forget(attachment, end, `${status[end.code]}: ${end.details}`);
      if (!this.hasHeaders && end.code === status.OK) {
        // An empty response has no headers, and one with sessions would have had a welcome.
        this.host.onPeer(this.peerKey, 'likely-plain');
      }
      this.input((now) => this.session.onClosed(now, attachment, how));
      this.pause();
    },
  };

  /** Lets the welcome of another stream wake this one, if it waits between two attempts. */
  private pause(): void {
    const server = this.session.pausedFor;
    if (server !== undefined) {
      this.host.limiter.pause(this, server, () => this.input((now) => this.session.onReachable(now)));
    }
  }

  private forget(attachment: Attachment, end: StatusObject, cause: string): void {
    this.lastEnd = end;
    this.lastCause = cause;
    this.calls.delete(attachment);
    this.permits.get(attachment)?.onOver();
    this.permits.delete(attachment);
  }

  // To the application.

  private deliver(seq: number, body: Uint8Array): void {
    let value: Res;
    try {
      value = this.method.responseDeserialize(Buffer.from(body.buffer, body.byteOffset, body.length));
    } catch (cause) {
      this.cancelWith(new StreamError(status.INTERNAL, `message ${seq}: unreadable`, undefined, { cause }));
      return;
    }
    this.inHand = seq;
    const { reader } = this;
    this.reader = undefined;
    reader?.resolve({ done: false, value });
  }

  /** Tells of a handler that began anew, between the messages of both: an application that asks for one has none in hand. */
  private tellRestart(): void {
    const messages = this.untoldRestart;
    if (messages !== undefined && this.reader !== undefined) {
      this.untoldRestart = undefined;
      this.options.onRestarted?.(messages);
    }
  }

  private onEnded(end: SessionEnd): void {
    this.options.signal?.removeEventListener('abort', this.onAbort);
    const stuckBytes = this.session.sent.at(this.session.sent.acked + 1)?.body.length ?? 0;
    this.ended = endStatus(end, { cancellation: this.cancellation, last: this.lastEnd, stuckBytes });
    clearTimeout(this.timer);
    this.timer = undefined;
    this.resolveHeaders(undefined);
    const { code, details, metadata } = this.ended;
    this.resolveStatus({ code, details, metadata });
    const error = this.writeError();
    for (const waiting of [...this.waitingWrites.splice(0), ...this.roomWaiters.splice(0)]) {
      waiting.reject(error);
    }
    this.settleReader();
  }

  private settleReader(): void {
    const { reader, ended } = this;
    if (reader === undefined || ended === undefined) {
      return;
    }
    this.reader = undefined;
    if (ended instanceof StreamError) {
      reader.reject(ended);
    } else {
      reader.resolve({ done: true, value: undefined });
    }
  }

  private writeError(): StreamError {
    return this.ended instanceof StreamError
      ? this.ended
      : new StreamError(status.FAILED_PRECONDITION, 'write after the end of the stream');
  }

  private room(): Promise<void> {
    return new Promise((resolve, reject) => this.roomWaiters.push({ resolve, reject }));
  }

  /** Takes writes that wait, as far as there is room; whether there may be outputs by that. */
  private takeWrites(): boolean {
    let taken = false;
    for (let next = this.waitingWrites[0]; next !== undefined && this.session.offer(next.body); next = this.waitingWrites[0]) {
      this.waitingWrites.shift();
      this.roomWaiters.push(next);
      taken = true;
    }
    if (this.waitingWrites.length === 0) {
      if (this.isHalfClosed && !this.session.sent.isFinished && this.ended === undefined) {
        this.session.halfClose();
        taken = true;
      }
      if (this.roomWaiters.length > 0 && (this.session.isReady() || this.isHalfClosed)) {
        for (const waiter of this.roomWaiters.splice(0)) {
          waiter.resolve();
        }
      }
    }
    return taken;
  }
}

function kindOf(method: { readonly requestStream: boolean; readonly responseStream: boolean }): MethodKind {
  if (method.requestStream) {
    return method.responseStream ? 'bidirectional' : 'client-streaming';
  }
  return 'server-streaming';
}

function remainingMillis(deadline: Deadline | undefined): number {
  if (deadline === undefined || deadline === Infinity) {
    return 0;
  }
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  return Math.max(1, at - Date.now());
}
