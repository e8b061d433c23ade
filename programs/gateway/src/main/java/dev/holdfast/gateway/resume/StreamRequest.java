package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.call.OutgoingCall;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The client's messages of a resumable stream. Readers send each once: a reader that comes back is
 * told how many arrived. Confined to the event loop of the stream.
 */
final class StreamRequest {
  private long received;
  private boolean halfClosed;

  /** The digest of a request that is one message; null until it arrived. */
  private byte @Nullable [] digest;

  /** The bytes that the upstream has no room for yet. */
  private int owedBytes;

  /** The number of messages that arrived. */
  long received() {
    return received;
  }

  /** Whether the request is the one message with a digest. */
  boolean isSame(byte[] other) {
    byte[] known = digest;
    return known != null && MessageDigest.isEqual(known, other);
  }

  /**
   * Sends a message upstream. The one message of a method that takes one may come again.
   *
   * @param last whether the method takes one message
   * @return false for a message that has no place in the request
   */
  boolean send(OutgoingCall call, byte[] message, boolean last) {
    if (halfClosed) {
      return last && isSame(ResumePrincipal.digest(message));
    }
    received++;
    if (last) {
      halfClosed = true;
      digest = ResumePrincipal.digest(message);
    }
    owedBytes += message.length;
    call.send(message, 0, message.length, last);
    return true;
  }

  /** Half-closes the call, unless that was done. */
  void halfClose(OutgoingCall call) {
    if (!halfClosed) {
      halfClosed = true;
      call.halfClose();
    }
  }

  /** The bytes that were sent since this was called before. */
  int takeOwedBytes() {
    int bytes = owedBytes;
    owedBytes = 0;
    return bytes;
  }
}
