/**
 * The adapter of docs/duplex-conformance.md: commands on standard input, events on standard output, one JSON object a line.
 */
import { createInterface } from 'node:readline';
import { Client, type MethodDefinition, credentials } from '@grpc/grpc-js';
import { LostError, MovedError, ResumableClient, type ResumableOptions, type ResumableStream, StreamError } from '../src/index.js';

interface Command {
  do: string;
  stream: string;
  target: string;
  method: string;
  /** The stream whose channel is used; '' for a channel of its own. */
  channel?: string;
  options?: Record<string, number | string>;
  text: string;
  size?: number;
  count?: number;
}

/** Options of the kit, by the names that they have here. */
const OPTIONS: Record<string, keyof ResumableOptions> = {
  backoffBaseMs: 'backoffBaseMillis',
  backoffCapMs: 'backoffCapMillis',
  handshakeMs: 'handshakeMillis',
  assumePlainMs: 'assumePlainMillis',
  sendMessages: 'sendMessages',
  receiveMessages: 'receiveMessages',
};

/** A channel that connects again as soon as a session wants it, and shares no connection with those before it. */
const CHANNEL = {
  'grpc.initial_reconnect_backoff_ms': 20,
  'grpc.max_reconnect_backoff_ms': 100,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': -1,
};

function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/** `google.protobuf.BytesValue`: field 1, a text in UTF-8; absent when it is empty. */
function encode(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = [0x0a];
  for (let rest = bytes.length; ; rest >>>= 7) {
    head.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) {
      break;
    }
  }
  return bytes.length === 0 ? bytes : Buffer.concat([Buffer.from(head), bytes]);
}

function decode(message: Buffer): string {
  // Fields that nobody knows, such as another attachment's header, are skipped as protobuf does.
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  let text = '';
  while (at < message.length) {
    const key = varint();
    const length = varint();
    if ((key & 7) === 2) {
      text = key === 0x0a ? message.toString('utf8', at, at + length) : text;
      at += length;
    }
  }
  return text;
}

/** A stream of the kit. */
class AdapterStream {
  private readonly clients: Client[] = [];
  private readonly resumable: ResumableClient;
  private readonly stream: ResumableStream<string, string>;
  private readonly oneRequest: boolean;
  private writes: Promise<void> = Promise.resolve();
  private demand = 0;
  private reading = false;
  private isReset = false;

  constructor(
    private readonly name: string,
    { target, method, options = {} }: Command,
    shared: AdapterStream | undefined,
  ) {
    const chosen: Record<string, unknown> = {};
    for (const [theirs, ours] of Object.entries(OPTIONS)) {
      if (options[theirs] !== undefined) {
        chosen[ours] = options[theirs];
      }
    }
    const path = `/${method}`;
    const definition: MethodDefinition<string, string> = {
      path,
      requestStream: !path.endsWith('/List'),
      responseStream: !path.endsWith('/Collect'),
      requestSerialize: encode,
      requestDeserialize: decode,
      responseSerialize: encode,
      responseDeserialize: decode,
    };
    const redirect = (address: string): Client => this.connect(address);
    this.resumable = shared?.resumable ?? new ResumableClient(this.connect(target), { ...(chosen as ResumableOptions), redirect });
    this.oneRequest = !definition.requestStream;
    const deadlineMs = Number(options['deadlineMs'] ?? 0);
    this.stream = this.resumable.open(definition, {
      ...(deadlineMs === 0 ? {} : { deadline: Date.now() + deadlineMs }),
      ...(Number(options['restart'] ?? 0) === 0 ? {} : { onRestarted: (messages) => this.say('restarted', { messages }) }),
    });
    this.demand = options['reading'] === 'manual' ? 0 : Infinity;
    void this.stream.status.then(() => (this.demand = Infinity)).then(() => this.read());
    void this.read();
  }

  send(text: string, size: number): void {
    this.writes = this.writes
      .then(() => {
        const written = this.stream.write(text.padEnd(size, '.'));
        return written.then(() => this.say('sent', { text }));
      })
      // The stream is over, as its reader says.
      .catch(() => undefined);
    if (this.oneRequest) {
      this.halfClose();
    }
  }

  halfClose(): void {
    void this.writes.then(() => this.stream.end());
  }

  cancel(): void {
    this.stream.cancel();
  }

  take(count: number): void {
    this.demand += count;
    void this.read();
  }

  reset(): void {
    this.isReset = true;
    this.resumable.close();
    for (const client of this.clients) {
      client.close();
    }
  }

  private connect(address: string): Client {
    const client = new Client(address, credentials.createInsecure(), CHANNEL);
    this.clients.push(client);
    return client;
  }

  private async read(): Promise<void> {
    if (this.reading) {
      return;
    }
    this.reading = true;
    try {
      while (this.demand > 0) {
        this.demand--;
        const { done, value } = await this.stream.next();
        if (done) {
          const { details, metadata } = await this.stream.status;
          this.ended(0, details, metadata.getMap());
          return;
        }
        this.say('message', { text: value });
      }
      this.reading = false;
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (error instanceof LostError) {
      this.say('lost', { reason: error.kind.slice('LOST_'.length), processed: error.processedByPeer });
    } else if (error instanceof MovedError) {
      this.say('moved', { processed: error.processedByPeer });
    } else if (error instanceof StreamError) {
      this.ended(error.code, error.details, error.metadata.getMap());
    } else {
      say('error', { message: String(error) });
    }
  }

  private ended(status: number, description: string, trailers: Record<string, unknown>): void {
    this.say('ended', { status, description, trailers });
  }

  private say(event: string, fields: object): void {
    if (!this.isReset) {
      say(event, { stream: this.name, ...fields });
    }
  }
}

const streams = new Map<string, AdapterStream>();

function obey(command: Command): void {
  const stream = streams.get(command.stream);
  switch (command.do) {
    case 'describe':
      say('describe', { name: 'node', options: [...Object.keys(OPTIONS), 'deadlineMs', 'reading', 'channel', 'server-streaming', 'client-streaming', 'half-duplex', 'held-response', 'hand-over', 'restart'] });
      break;
    case 'open':
      streams.set(command.stream, new AdapterStream(command.stream, command, streams.get(command.channel ?? '')));
      break;
    case 'send':
      stream?.send(command.text, command.size ?? 0);
      break;
    case 'half-close':
      stream?.halfClose();
      break;
    case 'cancel':
      stream?.cancel();
      break;
    case 'read':
      stream?.take(command.count ?? 1);
      break;
    case 'reset':
      for (const open of streams.values()) {
        open.reset();
      }
      streams.clear();
      say('reset');
      break;
    default:
      say('error', { message: `do: ${command.do} (expected: a command of a client)` });
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    try {
      obey(JSON.parse(line) as Command);
    } catch (error) {
      say('error', { message: String(error) });
    }
  })
  .on('close', () => process.exit(0));
