import type { Client, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { BufferBudget } from '../session/buffer-budget.js';
import { type SessionOptions, sessionOptions } from '../session/options.js';
import type { Peer } from '../session/plain-peer.js';
import { ResumableStream, type StreamHost, type StreamOptions } from './resumable-stream.js';
import { ResumeLimiter } from './resume-limiter.js';

/** Methods in one direction whose servers are known; at more of them all are forgotten and found out again. */
const MAX_METHODS = 1_000;

/** The settings of a client's streams. */
export interface ResumableOptions extends Partial<SessionOptions> {
  /** The memory that sessions share; default {@link BufferBudget.ofProcess}. */
  readonly budget?: BufferBudget;
  /** The client for an instance that a server names as the owner of a session, host:port; default: the usual client. */
  readonly redirect?: (address: string) => Client;
}

/**
 * The streams of one gRPC client that outlive its connections. Interceptors of the client run for each connection of a stream and see
 * bytes.
 *
 * The client's methods must have no `retryPolicy`: a configured retry repeats messages that a server may have processed.
 */
export class ResumableClient {
  private readonly streams = new Set<ResumableStream<unknown, unknown>>();
  private readonly redirects = new Map<string, Client>();
  private readonly host: StreamHost;

  /** @throws RangeError when an option is out of its bounds */
  constructor(
    readonly client: Client,
    options: ResumableOptions = {},
  ) {
    const { budget = BufferBudget.ofProcess, redirect, ...session } = options;
    const peers = new Map<string, Peer>();
    this.host = {
      options: sessionOptions(session),
      budget,
      limiter: new ResumeLimiter(),
      peerOf: (method) => peers.get(method) ?? 'unknown',
      onPeer: (method, peer) => {
        if (peers.size >= MAX_METHODS) {
          peers.clear();
        }
        peers.set(method, peer);
      },
      clientTo: (address) => (address === '' || redirect === undefined ? client : this.redirected(address, redirect)),
      onOver: (stream) => this.streams.delete(stream as ResumableStream<unknown, unknown>),
    };
  }

  /** Opens a stream of any method but a unary one, as generated code or `@grpc/proto-loader` define it. */
  open<Req, Res>(method: MethodDefinition<Req, Res>, options: StreamOptions = {}): ResumableStream<Req, Res> {
    if (!method.requestStream && !method.responseStream) {
      throw new TypeError(`method: ${method.path} (expected: a stream, in one direction or both)`);
    }
    const stream = new ResumableStream(this.host, method, options);
    this.streams.add(stream as ResumableStream<unknown, unknown>);
    return stream;
  }

  /** The streams that are not over, those included whose server is still to hear of their end. */
  get openStreams(): number {
    return this.streams.size;
  }

  /** Cancels all streams. The gRPC client stays open, as it belongs to the application; close it afterwards. */
  close(): void {
    for (const stream of this.streams) {
      stream.abandon();
    }
  }

  private redirected(address: string, redirect: (address: string) => Client): Client {
    let client = this.redirects.get(address);
    if (client === undefined) {
      client = redirect(address);
      this.redirects.set(address, client);
    }
    return client;
  }
}

/** A function for each method of a service that streams, by its name there. A server-streaming one takes its request. */
export type ResumableMethods<S extends ServiceDefinition> = {
  readonly [Name in keyof S as S[Name] extends { requestStream: false; responseStream: false }
    ? never
    : Name]: S[Name] extends MethodDefinition<infer Req, infer Res>
    ? S[Name] extends { requestStream: false }
      ? (request: Req, options?: StreamOptions) => ResumableStream<Req, Res>
      : (options?: StreamOptions) => ResumableStream<Req, Res>
    : never;
};

/** A client of a service, of which each method that streams is a function that opens a resumable stream. */
export function resumableMethods<S extends ServiceDefinition>(service: S, client: ResumableClient): ResumableMethods<S> {
  const functions = Object.entries(service)
    .filter(([, method]) => method.requestStream || method.responseStream)
    .map(([name, method]) => [name, method.requestStream ? requests(method, client) : oneRequest(method, client)]);
  return Object.fromEntries(functions) as ResumableMethods<S>;
}

function requests<Req, Res>(method: MethodDefinition<Req, Res>, client: ResumableClient) {
  return (options?: StreamOptions): ResumableStream<Req, Res> => client.open(method, options);
}

function oneRequest<Req, Res>(method: MethodDefinition<Req, Res>, client: ResumableClient) {
  return (request: Req, options?: StreamOptions): ResumableStream<Req, Res> => {
    const stream = client.open(method, options);
    // A failure is the stream's, and told to its reader.
    stream.write(request).catch(() => undefined);
    stream.end();
    return stream;
  };
}
