package dev.holdfast.gateway.frontend;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.HttpRequestHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request that arrived before the first schema of its cluster. Its body is buffered, up to the
 * flow-control window, until the schema is known or can't be had, or the wait times out. Then the
 * request is handled as if it had just arrived. Confined to its event loop.
 */
final class PendingRequest implements HttpRequestHandler {
  @Limit(
      of = "time for which a request waits for the first schema of its cluster",
      then = "it is answered with 503 and the reason")
  static final Duration MAX_WAIT = Duration.ofSeconds(5);

  @Limit(
      of = "requests of a gateway that wait for the first schema of their clusters",
      then = "others are answered with 503 and the reason at once")
  static final int MAX_REQUESTS = 1_000;

  private final HttpExchange web;
  private final AtomicInteger pending;
  private final Supplier<HttpRequestHandler> take;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final ScheduledFuture<?> timer;
  private @Nullable HttpRequestHandler taken;
  private int bodyBytes;
  private boolean ended;
  private boolean over;

  private PendingRequest(
      HttpExchange web,
      AtomicInteger pending,
      CompletionStage<?> known,
      Duration longest,
      Supplier<HttpRequestHandler> take) {
    this.web = web;
    this.pending = pending;
    this.take = take;
    this.timer =
        web.loop().eventLoop().schedule(this::proceed, longest.toNanos(), TimeUnit.NANOSECONDS);
    var unused = known.whenCompleteAsync((done, failure) -> proceed(), web.loop().eventLoop());
  }

  /**
   * Starts to wait for the schema.
   *
   * @param pending the count of waiting requests
   * @param known completes when the schema is known or can't be had
   * @param longest the time after which the request is handled without it
   * @param take handles the request then
   * @return null when too many requests wait
   */
  static @Nullable HttpRequestHandler begin(
      HttpExchange web,
      AtomicInteger pending,
      CompletionStage<?> known,
      Duration longest,
      Supplier<HttpRequestHandler> take) {
    if (pending.incrementAndGet() > MAX_REQUESTS) {
      pending.decrementAndGet();
      return null;
    }
    return new PendingRequest(web, pending, known, longest, take);
  }

  private void proceed() {
    if (!end()) {
      return;
    }
    HttpRequestHandler next = take.get();
    taken = next;
    web.memory().credit(bodyBytes);
    if (bodyBytes > 0 || ended) {
      next.onData(Unpooled.wrappedBuffer(body.toByteArray()), bodyBytes, ended);
    }
    body.reset();
  }

  /** Ends the wait; false when it was over already. */
  private boolean end() {
    if (over) {
      return false;
    }
    over = true;
    timer.cancel(false);
    pending.decrementAndGet();
    return true;
  }

  @Override
  public void onData(ByteBuf data, int bytes, boolean end) {
    HttpRequestHandler next = taken;
    if (next != null) {
      next.onData(data, bytes, end);
    } else if (!over) {
      keep(data, bytes, end);
    }
  }

  /**
   * Buffers a part of the body. The part is copied, because a slice would retain its large buffer.
   */
  private void keep(ByteBuf data, int bytes, boolean end) {
    byte[] copy = ByteBufUtil.getBytes(data);
    body.write(copy, 0, copy.length);
    bodyBytes += bytes;
    ended |= end;
    // Where there is no room the heaviest of the client's calls is ended, which may be this one.
    web.memory().charge(bytes);
  }

  @Override
  public void onGone() {
    HttpRequestHandler next = taken;
    if (next != null) {
      next.onGone();
    } else if (end()) {
      web.memory().credit(bodyBytes);
      web.giveBack(bodyBytes);
      body.reset();
    }
  }

  @Override
  public void onWritable() {
    HttpRequestHandler next = taken;
    if (next != null) {
      next.onWritable();
    }
  }

  @Override
  public void onOverload() {
    proceed();
    HttpRequestHandler next = taken;
    if (next != null) {
      next.onOverload();
    }
  }

  @Override
  public void onLeave() {
    // What is kept becomes a call that is then told to leave, as any other.
    proceed();
    HttpRequestHandler next = taken;
    if (next != null) {
      next.onLeave();
    }
  }
}
