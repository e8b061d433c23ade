import type { StreamError } from './errors.js';

interface PendingRead<M> {
  readonly resolve: (result: IteratorResult<M, undefined>) => void;
  readonly reject: (error: StreamError) => void;
}

/**
 * The received messages of a stream, for one `for await`. Messages that arrived before the end are read before it. The owner bounds
 * their number.
 */
export class MessageQueue<M> implements AsyncIterableIterator<M> {
  private readonly messages: M[] = [];
  private pending: PendingRead<M> | undefined;
  private end: StreamError | 'OK' | undefined;
  private handed = 0;

  /**
   * @param onProcessed called when the reader asks for the next message, with the number of those before, and whether it must wait
   * @param onLeft called when the reader leaves its loop
   */
  constructor(
    private readonly onProcessed: (count: number, waits: boolean) => void,
    private readonly onLeft: () => void,
  ) {}

  get size(): number {
    return this.messages.length;
  }

  push(message: M): void {
    const reader = this.pending;
    if (reader === undefined) {
      this.messages.push(message);
    } else {
      this.pending = undefined;
      this.handed++;
      reader.resolve({ done: false, value: message });
    }
  }

  /** Ends the queue behind the messages that it has; later calls have no effect. */
  finish(how: StreamError | 'OK'): void {
    this.end ??= how;
    const reader = this.pending;
    this.pending = undefined;
    if (reader !== undefined) {
      this.settle(reader);
    }
  }

  next(): Promise<IteratorResult<M, undefined>> {
    if (this.pending !== undefined) {
      return Promise.reject(new Error('a second read before the first one has its message (expected: one reader of a stream)'));
    }
    this.onProcessed(this.handed, this.messages.length === 0);
    return new Promise((resolve, reject) => {
      if (this.messages.length > 0) {
        this.handed++;
        resolve({ done: false, value: this.messages.shift() as M });
      } else if (this.end !== undefined) {
        this.settle({ resolve, reject });
      } else {
        this.pending = { resolve, reject };
      }
    });
  }

  return(): Promise<IteratorResult<M, undefined>> {
    this.onLeft();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private settle(reader: PendingRead<M>): void {
    if (this.end === 'OK') {
      reader.resolve({ done: true, value: undefined });
    } else if (this.end !== undefined) {
      reader.reject(this.end);
    }
  }
}
