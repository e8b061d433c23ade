const DEFAULT_BYTES = 256 * 1024 * 1024;
/** What one buffer may hold, as a part of the free bytes: one in so many. */
const PART_OF_FREE = 64;

/**
 * The memory limit that sessions share, in bytes, on top of one message each; default 256 MiB.
 *
 * The memory is shared by dynamic thresholds (Choudhury and Hahne, 1998): a buffer may grow as long as it is smaller than a fixed part
 * of the free memory. Half of the memory is reserved for buffers that are being emptied, which may hold as much of it as has left
 * them before. A session that holds nothing may always take one message. No message is dropped.
 */
export class BufferBudget {
  /** The budget of all sessions of the process that are given no other one. */
  static readonly ofProcess = new BufferBudget();

  private held = 0;

  constructor(readonly limitBytes: number = DEFAULT_BYTES) {
    if (!(limitBytes >= 1)) {
      throw new RangeError(`limitBytes: ${limitBytes} (expected: >= 1)`);
    }
  }

  get heldBytes(): number {
    return this.held;
  }

  /** Whether a buffer that holds `ofBuffer` bytes, and which `flowed` bytes have left, may take more. */
  hasRoom(ofBuffer: number, flowed: number): boolean {
    const free = this.limitBytes - this.held;
    return ofBuffer * PART_OF_FREE < (ofBuffer < flowed ? free : free - this.limitBytes / 2);
  }

  /** Counts bytes that are held, or with a negative number bytes that are held no more. */
  take(bytes: number): void {
    this.held += bytes;
  }
}
