/** A server-sent event. */
export interface ServerSentEvent {
  /** `message` where the event has no name. */
  readonly name: string;
  readonly data: string;
  /** The last id of the stream up to this event. */
  readonly id: string;
}

/**
 * An incremental parser of `text/event-stream`, as the HTML standard has it, without `retry`: the delays of a stream that
 * reconnects are those of its options, exponential with full jitter, and so spread without the gateway's help.
 *
 * @throws RangeError for an event above the bound
 */
export class EventParser {
  private readonly decoder = new TextDecoder();
  private line = '';
  private afterCarriageReturn = false;
  private name = '';
  private data: string[] = [];
  private chars = 0;
  /** The id of the last event, also of one without data. */
  id = '';

  constructor(private readonly mostChars: number) {}

  /** The events that end in these bytes. */
  feed(bytes: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let text = this.decoder.decode(bytes, { stream: true });
    if (this.afterCarriageReturn && text.startsWith('\n')) {
      text = text.slice(1);
    }
    if (text !== '') {
      this.afterCarriageReturn = text.endsWith('\r');
    }
    const lines = text.split(/\r\n|\r|\n/);
    lines.forEach((part, i) => {
      this.line += part;
      this.bound(this.line.length);
      if (i < lines.length - 1) {
        this.take(this.line, events);
        this.line = '';
      }
    });
    return events;
  }

  private take(line: string, events: ServerSentEvent[]): void {
    if (line === '') {
      if (this.data.length > 0) {
        events.push({ name: this.name === '' ? 'message' : this.name, data: this.data.join('\n'), id: this.id });
      }
      this.name = '';
      this.data = [];
      this.chars = 0;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'data') {
      this.data.push(value);
      this.chars += value.length + 1;
    } else if (field === 'event') {
      this.name = value;
    } else if (field === 'id' && !value.includes('\0')) {
      this.id = value;
    }
  }

  private bound(lineChars: number): void {
    if (this.chars + lineChars > this.mostChars) {
      throw new RangeError(`an event of more than ${this.mostChars} characters (expected: at most that many)`);
    }
  }
}
