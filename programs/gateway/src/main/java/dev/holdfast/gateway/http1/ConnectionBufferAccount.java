package dev.holdfast.gateway.http1;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.limits.MemoryAccount;

/**
 * Accounting of the bytes held for one HTTP/1.1 connection: parts of its request, undecoded input,
 * and unread responses. Confined to its event loop.
 */
final class ConnectionBufferAccount {
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

  ConnectionBufferAccount(MemoryAccount account) {
    this.account = account;
  }

  MemoryAccount account() {
    return account;
  }

  /** Adds bytes of a request that are being processed; subtracts them if negative. */
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

  /** Charges parts of a response that wait to be sent. */
  void onWrite(int bytes) {
    unsentBytes += bytes;
    account.charge(bytes);
  }

  /** Credits parts of a response that were sent; true when that made the output writable again. */
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
