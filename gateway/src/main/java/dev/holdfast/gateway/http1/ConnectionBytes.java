package dev.holdfast.gateway.http1;

import dev.holdfast.core.Limit;
import dev.holdfast.gateway.limits.MemoryAccount;

/**
 * Counts what the gateway keeps for one connection of HTTP/1.1: parts of its request, input that
 * waits to be decoded, and answers that it does not read. On its event loop only.
 */
final class ConnectionBytes {
  @Limit(
      of = "bytes of a request over HTTP/1.1 that wait to be processed",
      then = "its client is not read until they are")
  static final int KEPT_BYTES = 262_144;

  @Limit(
      of = "bytes of an answer over HTTP/1.1 that wait for a slow client",
      then = "its upstream waits")
  static final int UNSENT_BYTES = 262_144;

  private final MemoryAccount account;
  private int keptBytes;
  private int heldBytes;
  private int unsentBytes;
  private boolean full;

  ConnectionBytes(MemoryAccount account) {
    this.account = account;
  }

  MemoryAccount account() {
    return account;
  }

  /** So many more bytes of a request are processed; fewer if negative. */
  void keep(int bytes) {
    keptBytes += bytes;
  }

  /** Whether no more of the request is to be read. */
  boolean isFullOfInput() {
    return keptBytes >= KEPT_BYTES;
  }

  /** A buffer of so many bytes holds input that waits to be decoded. */
  void hold(int bytes) {
    int more = bytes - heldBytes;
    heldBytes = bytes;
    if (more > 0) {
      account.charge(more);
    } else if (more < 0) {
      account.credit(-more);
    }
  }

  /** Parts of an answer wait for the client. */
  void onWrite(int bytes) {
    unsentBytes += bytes;
    account.charge(bytes);
  }

  /** The client has them; whether that makes room for more where there was none. */
  boolean onWritten(int bytes) {
    unsentBytes -= bytes;
    account.credit(bytes);
    return full && hasRoom();
  }

  /** Whether more may wait for the client. */
  boolean hasRoom() {
    full = unsentBytes > 0 && account.isScarce();
    return !full;
  }

  boolean isUnsent() {
    return unsentBytes > 0;
  }
}
