package dev.holdfast.gateway.json;

import dev.holdfast.gateway.gzip.GzipException;
import dev.holdfast.gateway.gzip.GzipInflater;
import dev.holdfast.gateway.gzip.InflateTurns;
import dev.holdfast.gateway.http2.UpstreamCall;
import dev.holdfast.transcoding.http.RequestRefusedException;

/**
 * Inflater of client messages, up to the maximum message size, charged to the thread's time slice.
 */
final class Inflated {
  private Inflated() {}

  /**
   * The message in a new array.
   *
   * @throws RequestRefusedException 413 when it is too long, 400 when it is no gzip
   */
  static byte[] message(byte[] bytes, int offset, int length) {
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
      InflateTurns turns = InflateTurns.ofThread();
      if (turns != null) {
        turns.spent(size, System.nanoTime() - begun);
      }
    }
  }
}
