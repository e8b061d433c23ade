package dev.holdfast.gateway.call;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.http2.codec.FrameConnection;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.MetLimit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The DATA of a request from its beginning, kept for retries until its response begins. Small
 * frames are copied, since a slice would hold the whole buffer of a socket read. Most requests are
 * one small frame, which is stored as a plain array.
 */
public final class RetryBuffer {
  @Limit(
      of = "bytes of one request that are kept so that it can be sent again",
      then = "the request is sent but once")
  static final int MAX_BYTES = 65_536;

  private static final int COPIED_BYTES = 1_024;
  private static final int TAIL_BYTES = 4_096;

  private byte @Nullable [] only;
  private List<ByteBuf> frames = List.of();
  private @Nullable ByteBuf tail;
  private int bytes;
  private int awaitingBytes;
  private boolean forgotten;
  private boolean overdrawn;
  private @Nullable MemoryAccount memory;

  /** The bytes that are kept for a retry. */
  public int bytes() {
    return memory == null ? 0 : bytes;
  }

  /** Whether all frames so far are kept. */
  boolean isComplete() {
    return !forgotten;
  }

  List<ByteBuf> frames() {
    byte[] bytesOfOnly = only;
    if (bytesOfOnly != null) {
      only = null;
      frames = new ArrayList<>(2);
      frames.add(Unpooled.wrappedBuffer(bytesOfOnly));
    }
    return frames;
  }

  /**
   * Keeps a frame for a retry.
   *
   * @param frame stays its caller's
   * @return the frame to send: the same one, or a kept copy, so that its bytes are not copied again
   *     while they wait for a window
   */
  ByteBuf keep(ByteBuf frame, MemoryAccount from) {
    if (forgotten) {
      return frame;
    }
    int size = frame.readableBytes();
    bytes += size;
    memory = from;
    overdrawn |= !from.charge(size);
    boolean small = size <= COPIED_BYTES;
    if (small && only == null && frames.isEmpty()) {
      only = ByteBufUtil.getBytes(frame);
      return frame;
    }
    ByteBuf open = tail;
    if (small && open != null && open.readableBytes() + size <= TAIL_BYTES) {
      open.writeBytes(frame, frame.readerIndex(), size);
      return frame;
    }
    List<ByteBuf> all = frames();
    if (all.isEmpty()) {
      all = new ArrayList<>(2);
      frames = all;
    }
    if (small) {
      all.add(copied(frame, size));
      return frame;
    }
    tail = null;
    ByteBuf kept = FrameConnection.isMostlySpare(frame) ? frame.copy() : frame.retainedDuplicate();
    all.add(kept);
    return kept;
  }

  /**
   * A buffer that further small frames are appended to: alone, frames of one byte would take a
   * hundred each.
   */
  private ByteBuf copied(ByteBuf frame, int size) {
    ByteBuf copied = Unpooled.buffer(size, TAIL_BYTES);
    copied.writeBytes(frame, frame.readerIndex(), size);
    tail = copied;
    return copied;
  }

  /** Counts bytes whose window is given back only once there is an upstream. */
  void deferWindow(int windowBytes) {
    awaitingBytes += windowBytes;
  }

  /** Takes the number of bytes that wait to be given back; none wait afterwards. */
  int takeDeferredWindow() {
    int awaiting = awaitingBytes;
    awaitingBytes = 0;
    return awaiting;
  }

  /**
   * Gives up the kept frames if they exceed their limit or the memory; called after they were sent.
   */
  void onSent(GatewayMeters meters) {
    if (overdrawn && !forgotten) {
      meters.met(MetLimit.REPLAY);
      forget();
    } else if (bytes > MAX_BYTES) {
      forget();
    }
  }

  /** Gives up the kept frames: the request will not be retried. */
  void forget() {
    forgotten = true;
    MemoryAccount from = memory;
    if (from != null) {
      memory = null;
      from.credit(bytes);
    }
    only = null;
    tail = null;
    List<ByteBuf> released = frames;
    frames = List.of();
    for (int i = 0; i < released.size(); i++) {
      released.get(i).release();
    }
  }
}
