package dev.holdfast.lab;

import io.netty.buffer.ByteBuf;

/**
 * The connection of two {@link FlowPipe}s: decides what becomes of the bytes, ends and resets that
 * its sockets receive. Called on the event loop.
 */
interface PipeConnection {
  /** Bytes were received; the connection takes ownership of the buffer. */
  void onBytes(RelayDirection from, ByteBuf bytes);

  /** The sender has ended its stream (FIN). */
  void onEnd(RelayDirection from);

  /** The sender has reset its connection, or a write to it failed. */
  void onReset(RelayDirection from);

  /** Bytes were written to the other side. */
  void onPassed(RelayDirection direction, long bytes);

  /** A pipe has passed the end of its stream. */
  void onPipeEnded();

  /** A pipe has passed its last byte before the cut. */
  void cut(long atByte);

  /** Pumps both pipes: a socket has read all there was, or can take more. */
  void pump();

  /** Time since the connection was opened. */
  long elapsedNanos();

  /** Runs something on the loop after a while, unless the connection has ended by then. */
  void after(long nanos, Runnable task);
}
