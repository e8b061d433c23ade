package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * The call that a handler sees: it is cancelled only when its session ended, ready while the
 * session has room, and its attributes are those of the first attachment, whatever follows.
 *
 * <p>As any call: one thread at a time, but {@link #isReady}, {@link #isCancelled} and {@link
 * #request}.
 */
final class ResumableServerCall<ReqT, RespT> extends ServerCall<ReqT, RespT> {
  /** Copied before anything is added. */
  private static final Metadata NO_HEADERS = new Metadata();

  private final ServerStream<ReqT, RespT> stream;
  private final MethodDescriptor<ReqT, RespT> method;
  private final Attributes attributes;
  private final @Nullable String authority;
  private final SecurityLevel securityLevel;
  private final ResponseCardinality responses;
  private volatile Metadata headers = NO_HEADERS;
  private volatile @Nullable String compressor;
  private volatile boolean messageCompressed = true;
  private volatile boolean cancelled;
  private volatile boolean ended;
  private volatile boolean headersGone;
  private volatile boolean refused;
  private boolean headersCalled;
  private boolean closeCalled;

  ResumableServerCall(
      ServerStream<ReqT, RespT> stream,
      MethodDescriptor<ReqT, RespT> method,
      ServerCall<SessionFrame, SessionFrame> first) {
    this.stream = stream;
    this.method = method;
    this.attributes = first.getAttributes();
    this.authority = first.getAuthority();
    this.securityLevel = first.getSecurityLevel();
    this.responses = new ResponseCardinality(method);
  }

  @Override
  public void request(int messages) {
    stream.request(messages);
  }

  @Override
  public void sendHeaders(Metadata newHeaders) {
    if (headersCalled || closeCalled) {
      throw new IllegalStateException(
          headersCalled ? "sendHeaders called twice" : "call is closed");
    }
    headersCalled = true;
    boolean empty = newHeaders.keys().isEmpty();
    if (headersGone && !empty) {
      stream.onLateHeaders();
    } else if (!empty) {
      Metadata copy = new Metadata();
      copy.merge(newHeaders);
      headers = copy;
    }
    stream.sendHeadersNow();
  }

  @Override
  public void sendMessage(RespT message) {
    if (closeCalled) {
      throw new IllegalStateException("call is closed");
    }
    if (!headersCalled) {
      throw new IllegalStateException("sendHeaders has not been called");
    }
    if (refused) {
      return;
    }
    if (!responses.admitsResponse()) {
      refuse(ResponseCardinality.TOO_MANY_RESPONSES);
    } else if (!ended && !stream.offer(message)) {
      closeCalled = true;
      stream.finish(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "send buffer full for %s (expected: wait for isReady)"
                  .formatted(SessionResources.SEND_TIMEOUT)),
          new Metadata());
    }
  }

  @Override
  public boolean isReady() {
    return stream.driver().isReady();
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (closeCalled) {
      throw new IllegalStateException("call already closed");
    }
    closeCalled = true;
    if (!refused) {
      stream.finish(responses.statusOf(status), trailers);
    }
  }

  /** Ends the call because one side sent more than its method has; the handler may go on. */
  void refuse(Status status) {
    if (!refused) {
      refused = true;
      stream.finish(status, new Metadata());
    }
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void setMessageCompression(boolean enabled) {
    messageCompressed = enabled;
  }

  /**
   * Sets the compression of the attachments that begin from now on, so before the first headers.
   */
  @Override
  public void setCompression(String newCompressor) {
    if (headersCalled) {
      throw new IllegalStateException("sendHeaders has been called");
    }
    compressor = newCompressor;
  }

  @Override
  public Attributes getAttributes() {
    return attributes;
  }

  @Override
  public @Nullable String getAuthority() {
    return authority;
  }

  @Override
  public SecurityLevel getSecurityLevel() {
    return securityLevel;
  }

  @Override
  public MethodDescriptor<ReqT, RespT> getMethodDescriptor() {
    return method;
  }

  // For the stream.

  Metadata headers() {
    return headers;
  }

  @Nullable String compressor() {
    return compressor;
  }

  boolean isMessageCompressed() {
    return messageCompressed;
  }

  void headersAreGone() {
    headersGone = true;
  }

  void end(boolean asCancelled) {
    ended = true;
    cancelled = asCancelled;
  }
}
