package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.gzip.GzipException;
import dev.holdfast.gateway.gzip.GzipInflater;
import dev.holdfast.gateway.gzip.InflateScheduler;
import dev.holdfast.transcoding.status.RequestRefusedException;

/**
 * Inflater of client messages, up to the maximum message size, charged to the thread's time slice.
 */
public final class MessageInflater {
  private MessageInflater() {}

  /**
   * The message in a new array.
   *
   * @throws RequestRefusedException 413 when it is too long, 400 when it is no gzip
   */
  public static byte[] message(byte[] bytes, int offset, int length) {
    long begun = System.nanoTime();
    // What fails may have cost as much as the longest.
    int size = UpstreamCall.MESSAGE_BYTES;
    try {
      byte[] message = GzipInflater.inflate(bytes, offset, length, UpstreamCall.MESSAGE_BYTES);
      size = Math.max(length, message.length);
      return message;
    } catch (GzipException e) {
      String what = "body: " + e.getMessage();
      throw e.isTooLarge()
          ? RequestRefusedException.tooLarge(what)
          : RequestRefusedException.badRequest(what);
    } finally {
      InflateScheduler turns = InflateScheduler.ofThread();
      if (turns != null) {
        turns.charge(size, System.nanoTime() - begun);
      }
    }
  }
}
