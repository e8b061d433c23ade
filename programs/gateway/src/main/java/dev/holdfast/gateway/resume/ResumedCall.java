package dev.holdfast.gateway.resume;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.headers.CallEnd;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader of a resumable stream, as a call of its own. Its listener is on the event loop of the
 * reader's connection, and the stream may be on another; {@code on} methods are called by the
 * stream, on the stream's event loop.
 */
final class ResumedCall implements OutgoingCall {
  @Limit(
      of = "bytes of a resumable stream's client that are on their way to the upstream",
      then = "the client is not read until they left")
  static final int UNSENT_BYTES = 262_144;

  private static final Logger log = LoggerFactory.getLogger(ResumedCall.class);

  private final EventLoop loop;
  private final ResumeSession session;
  private final CallListener listener;
  private final ResumePoint point;

  /** The place to attach behind once the request is known; null when that is done. */
  private @Nullable ResumeToken attachesAt;

  /** The messages that were requested before the reader was attached. */
  private int heldDemand;

  private int unsentBytes;
  private boolean unready;
  private boolean over;

  /** The number of the reader in its stream. Confined to the stream's event loop. */
  long number;

  /**
   * Creates a reader.
   *
   * @param attachesAt the place to attach behind once the request is known; null for none
   */
  ResumedCall(
      EventLoop loop,
      ResumeSession session,
      CallListener listener,
      ResumePoint point,
      @Nullable ResumeToken attachesAt) {
    this.loop = loop;
    this.session = session;
    this.listener = listener;
    this.point = point;
    this.attachesAt = attachesAt;
    point.onOpened(session.id(), session.policy().ttl(), this::acknowledge);
  }

  @Override
  public void send(byte[] bytes, int offset, int length, boolean last) {
    byte[] copy = Arrays.copyOfRange(bytes, offset, offset + length);
    ResumeToken at = attachesAt;
    if (at != null) {
      attachesAt = null;
      byte[] digest = ResumePrincipal.digest(copy);
      int demand = heldDemand;
      session.execute(
          () -> {
            session.attach(this, at.after(), digest);
            session.onDemand(this, demand);
          });
      return;
    }
    unsentBytes += length;
    session.execute(() -> session.onRequest(this, copy, last));
  }

  @Override
  public void halfClose() {
    session.execute(() -> session.onHalfClose(this));
  }

  @Override
  public boolean isReady() {
    unready = unsentBytes >= UNSENT_BYTES;
    return !unready;
  }

  @Override
  public void request(int messages) {
    if (attachesAt != null) {
      heldDemand += messages;
      return;
    }
    session.execute(() -> session.onDemand(this, messages));
  }

  @Override
  public void cancel() {
    if (!over) {
      over = true;
      session.execute(() -> session.onDetach(this));
    }
  }

  private void acknowledge(long position) {
    session.execute(() -> session.onAcknowledged(this, position));
  }

  void onAttached(long after, long received) {
    later(
        () -> {
          point.onAttached(after, received);
          listener.onAttached();
        });
  }

  void onHeaders(Http2Headers headers) {
    later(() -> listener.onHeaders(headers));
  }

  void onMessage(byte[] message, long position) {
    later(
        () -> {
          point.onMessage(position);
          listener.onMessage(message, 0, message.length);
        });
  }

  void onSent(int bytes) {
    later(
        () -> {
          unsentBytes -= bytes;
          if (unready && unsentBytes < UNSENT_BYTES) {
            unready = false;
            listener.onReady();
          }
        });
  }

  void onGivenUp(boolean attempted) {
    later(() -> listener.onGivenUp(attempted));
  }

  void onEnd(CallEnd end) {
    later(
        () -> {
          point.onEnd();
          finish(end);
        });
  }

  void onComplete(CallEnd end) {
    later(
        () -> {
          point.onComplete();
          finish(end);
        });
  }

  void onSuperseded(CallEnd why) {
    later(
        () -> {
          point.onSuperseded();
          finish(why);
        });
  }

  /** The gateway ends; the stream has no end of its own. */
  void onGatewayEnd(CallEnd why) {
    later(() -> finish(why));
  }

  void onRefused(CallEnd why) {
    later(
        () -> {
          point.onRefused();
          finish(why);
        });
  }

  private void finish(CallEnd end) {
    over = true;
    listener.onEnd(end);
  }

  /** Runs a task on the reader's event loop, behind its current work. */
  private void later(Runnable task) {
    try {
      loop.execute(
          () -> {
            if (!over) {
              task.run();
            }
          });
    } catch (RejectedExecutionException e) {
      // The reader's loop has ended, and all of its connections with it.
      log.debug("event=resume_reader_gone cause=\"{}\"", e.getMessage());
    }
  }
}
