package dev.holdfast.lab;

import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A scanner of one direction of a plaintext HTTP/2 connection, by frame headers alone; header
 * blocks are not decoded. Injected frames are inserted between two frames, never inside a header
 * block, and never before the peer's SETTINGS. A connection that does not begin as HTTP/2 passes
 * unchanged.
 */
final class FrameScanner {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int PUSH_PROMISE = 5;
  static final int PING = 6;
  static final int GOAWAY = 7;
  static final int CONTINUATION = 9;
  static final int FLAG_ACK = 1;
  static final int FLAG_END_STREAM = 1;
  static final int FLAG_END_HEADERS = 4;
  static final int HEADER_BYTES = 9;
  static final int PING_BYTES = 8;

  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  @Limit(
      of = "frames of a hop that wait for the end of a frame of others",
      then = "further ones are left out")
  private static final int MAX_PENDING_FRAMES = 1_000;

  /** The listener of a scanner, called on the event loop. */
  interface FrameScanListener {
    /** A frame begins that will pass. */
    void onFrame(int type, int flags, int streamId);

    /**
     * Called for a PING frame.
     *
     * @return whether the hop consumes the frame instead of forwarding it
     */
    boolean onPing(boolean ack, byte[] content);
  }

  /** The output of a scanner, which takes ownership of the buffers. */
  interface Output {
    void pass(ByteBuf bytes);
  }

  private enum State {
    /** The client's preface; only clients send one. */
    PREFACE,
    /** Within the nine bytes before a frame. */
    HEADER,
    /** Within a frame that passes as it comes. */
    PAYLOAD,
    /** Within a PING, which is held until it is known who answers it. */
    PING_PAYLOAD,
    /** The connection is not HTTP/2, so that everything passes unchanged. */
    OPAQUE
  }

  private final FrameScanListener frameScanListener;
  private final Output output;
  private final byte[] head = new byte[HEADER_BYTES + PING_BYTES];
  private final Deque<ByteBuf> pending = new ArrayDeque<>();
  private State state;
  private int filled;
  private int payloadLeft;
  private boolean settingsSeen;
  private boolean inHeaderBlock;

  FrameScanner(boolean fromClient, FrameScanListener frameScanListener, Output output) {
    this.frameScanListener = frameScanListener;
    this.output = output;
    state = fromClient ? State.PREFACE : State.HEADER;
  }

  /** Whether this is known not to be HTTP/2. */
  boolean isOpaque() {
    return state == State.OPAQUE;
  }

  /** Whether SETTINGS passed, so that this certainly is HTTP/2. */
  boolean isHttp2() {
    return settingsSeen && !isOpaque();
  }

  /** Scans and forwards bytes; takes ownership of the buffer. */
  void feed(ByteBuf bytes) {
    try {
      while (bytes.isReadable()) {
        switch (state) {
          case PREFACE -> preface(bytes);
          case HEADER -> header(bytes);
          case PAYLOAD -> payload(bytes);
          case PING_PAYLOAD -> ping(bytes);
          case OPAQUE -> output.pass(bytes.readRetainedSlice(bytes.readableBytes()));
        }
      }
    } finally {
      bytes.release();
    }
  }

  /** Puts a frame of the hop's own between two others, as soon as that is allowed. */
  void inject(ByteBuf frame) {
    if (isOpaque() || pending.size() >= MAX_PENDING_FRAMES) {
      frame.release();
      return;
    }
    pending.addLast(frame);
    flushPending();
  }

  /** Lets everything pass from now on: this is not HTTP/2, or nobody looks any more. */
  void passThrough() {
    for (ByteBuf next = pending.pollFirst(); next != null; next = pending.pollFirst()) {
      next.release();
    }
    state = State.OPAQUE;
  }

  private void preface(ByteBuf bytes) {
    int from = bytes.readerIndex();
    while (bytes.isReadable() && filled < PREFACE.length) {
      if (bytes.readByte() != PREFACE[filled]) {
        // What matched so far has passed already.
        bytes.readerIndex(bytes.readerIndex() - 1);
        state = State.OPAQUE;
        break;
      }
      filled++;
    }
    output.pass(bytes.retainedSlice(from, bytes.readerIndex() - from));
    if (filled == PREFACE.length) {
      filled = 0;
      state = State.HEADER;
    }
  }

  private void header(ByteBuf bytes) {
    int wanted = Math.min(HEADER_BYTES - filled, bytes.readableBytes());
    bytes.readBytes(head, filled, wanted);
    if (!settingsSeen) {
      // It may not be HTTP/2 at all, and who speaks it not may wait for these bytes.
      output.pass(Unpooled.copiedBuffer(head, filled, wanted));
    }
    filled += wanted;
    if (filled < HEADER_BYTES) {
      return;
    }
    int length = unsigned(0, 3);
    int type = head[3] & 0xff;
    int flags = head[4] & 0xff;
    if (!settingsSeen && type != SETTINGS) {
      passThrough();
      return;
    }
    if (type == PING && length == PING_BYTES) {
      state = State.PING_PAYLOAD;
      return;
    }
    inHeaderBlock =
        (type == HEADERS || type == PUSH_PROMISE || type == CONTINUATION)
            && (flags & FLAG_END_HEADERS) == 0;
    int streamId = unsigned(5, 4) & 0x7fff_ffff;
    frameScanListener.onFrame(type, flags, streamId);
    if (settingsSeen) {
      pass(HEADER_BYTES);
    }
    settingsSeen = true;
    filled = 0;
    payloadLeft = length;
    state = State.PAYLOAD;
    endPayload();
  }

  private int unsigned(int offset, int bytes) {
    int value = 0;
    for (int i = offset; i < offset + bytes; i++) {
      value = (value << 8) | (head[i] & 0xff);
    }
    return value;
  }

  private void payload(ByteBuf bytes) {
    int passing = Math.min(payloadLeft, bytes.readableBytes());
    output.pass(bytes.readRetainedSlice(passing));
    payloadLeft -= passing;
    endPayload();
  }

  private void endPayload() {
    if (payloadLeft == 0) {
      state = State.HEADER;
      flushPending();
    }
  }

  private void ping(ByteBuf bytes) {
    int wanted = Math.min(head.length - filled, bytes.readableBytes());
    bytes.readBytes(head, filled, wanted);
    filled += wanted;
    if (filled < head.length) {
      return;
    }
    byte[] content = new byte[PING_BYTES];
    System.arraycopy(head, HEADER_BYTES, content, 0, PING_BYTES);
    boolean kept = frameScanListener.onPing((head[4] & FLAG_ACK) != 0, content);
    state = State.HEADER;
    if (kept) {
      filled = 0;
    } else {
      pass(head.length);
    }
    flushPending();
  }

  private void pass(int bytes) {
    output.pass(Unpooled.copiedBuffer(head, 0, bytes));
    filled = 0;
  }

  private void flushPending() {
    boolean between = state == State.HEADER && filled == 0 && settingsSeen && !inHeaderBlock;
    while (between && !pending.isEmpty()) {
      output.pass(pending.removeFirst());
    }
  }
}
