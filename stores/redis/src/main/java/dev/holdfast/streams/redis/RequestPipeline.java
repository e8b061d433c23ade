package dev.holdfast.streams.redis;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import io.lettuce.core.RedisLoadingException;
import io.lettuce.core.RedisReadOnlyException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request queue of all sessions, which sends batches over the current connection group. Without
 * one a request fails at once, and the caller decides when to retry.
 */
final class RequestPipeline implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RequestPipeline.class);

  private final RedisStoreOptions options;
  private final byte[] namespace;
  private final BiConsumer<StoreRequest, StoreResponse> counter;
  private final Runnable onDoubt;
  private final BatchLoop loop = new BatchLoop("holdfast-redis", this::writeBatch);
  private final AtomicInteger outstanding = new AtomicInteger();
  private volatile boolean up;

  // On the loop only.
  private final Queue<ScriptCall> waiting = new ArrayDeque<>();
  private final Set<ScriptCall> inFlight = new LinkedHashSet<>();
  private @Nullable RedisConnectionGroup link;
  private boolean refusalLogged;

  RequestPipeline(
      RedisStoreOptions options,
      BiConsumer<StoreRequest, StoreResponse> counter,
      Runnable onDoubt) {
    this.options = options;
    this.namespace = options.namespace().getBytes(StandardCharsets.US_ASCII);
    this.counter = counter;
    this.onDoubt = onDoubt;
  }

  /** Asks soon, or answers at once that nobody can be asked. The stage completes on the loop. */
  CompletionStage<StoreResponse> submit(StoreRequest request) {
    if (!up || outstanding.get() >= options.maxWaiting()) {
      StoreResponse failed = new StoreResponse.Failed();
      counter.accept(request, failed);
      return CompletableFuture.completedFuture(failed);
    }
    outstanding.incrementAndGet();
    ScriptCall call = new ScriptCall(request);
    loop.execute(() -> accept(call));
    return call.answer();
  }

  /** The number of requests without an answer. */
  int outstanding() {
    return outstanding.get();
  }

  boolean isUp() {
    return up;
  }

  /** Attaches a link, to which requests go from then on; then runs {@code then} on the loop. */
  void attach(RedisConnectionGroup next, Runnable then) {
    loop.execute(
        () -> {
          link = next;
          refusalLogged = false;
          up = true;
          then.run();
        });
  }

  /** Detaches a connection group that has ended, and fails its pending requests. */
  void detach(RedisConnectionGroup ended) {
    loop.execute(
        () -> {
          if (link == ended) {
            drop();
          }
        });
  }

  /** Gives the connection group up if one of its connections has been silent for too long. */
  void checkTime() {
    loop.execute(
        () -> {
          RedisConnectionGroup to = link;
          if (to != null && isSilent(to, System.nanoTime())) {
            log.warn("event=redis_timed_out timeout_ms={}", options.timeout().toMillis());
            drop();
          }
        });
  }

  private boolean isSilent(RedisConnectionGroup to, long nowNanos) {
    long timeoutNanos = options.timeout().toNanos();
    for (ScriptCall call : inFlight) {
      if (nowNanos - call.sentNanos() <= timeoutNanos) {
        // The rest was sent later.
        return false;
      }
      // Any answer of its connection is a sign of life: a Redis that is late is not gone.
      if (nowNanos - to.heardNanos(call.connection()) > timeoutNanos) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    // The connections are closed with the client that has them.
    loop.execute(this::failAll);
    loop.execute(loop::close);
  }

  private void accept(ScriptCall call) {
    if (link == null) {
      finish(call, new StoreResponse.Failed());
    } else {
      waiting.add(call);
    }
  }

  private void writeBatch() {
    RedisConnectionGroup to = link;
    boolean wrote = false;
    while (to != null && inFlight.size() < options.maxInFlight() && !waiting.isEmpty()) {
      send(to, waiting.remove());
      wrote = true;
    }
    if (to != null && wrote) {
      to.flush();
    }
  }

  private void send(RedisConnectionGroup to, ScriptCall call) {
    call.sent(System.nanoTime());
    inFlight.add(call);
    call.sentOn(
        to.send(
            call.script(),
            key(call.request()),
            call.arguments(to, options),
            (reply, failure) -> loop.execute(() -> onReply(to, call, reply, failure))));
  }

  private void onReply(
      RedisConnectionGroup from,
      ScriptCall call,
      @Nullable List<Object> reply,
      @Nullable Throwable failure) {
    if (!inFlight.remove(call)) {
      return;
    }
    if (reply == null || failure != null) {
      finish(call, new StoreResponse.Failed());
      onFailure(from, failure);
      return;
    }
    StoreResponse answer;
    try {
      answer = call.read(reply);
    } catch (RuntimeException e) {
      // Somebody else writes under our names; nothing of it may be used.
      log.error("event=redis_record_unreadable session={}", call.request().id(), e);
      answer = new StoreResponse.Lost("unreadable");
    }
    if (answer instanceof StoreResponse.Missing && ScriptCall.isDoubted(reply)) {
      onDoubt.run();
    }
    if (answer instanceof StoreResponse.Lost lost) {
      log.warn("event=redis_session_lost session={} cause=\"{}\"", call.request().id(), lost.why());
    }
    finish(call, answer);
  }

  private void onFailure(RedisConnectionGroup from, @Nullable Throwable failure) {
    if (!refusalLogged && failure != null && link == from) {
      refusalLogged = true;
      log.warn("event=redis_request_failed cause=\"{}\"", IoErrorText.of(failure));
    }
    boolean elsewhere =
        failure instanceof RedisReadOnlyException || failure instanceof RedisLoadingException;
    if (link == from && (elsewhere || !from.isOpen())) {
      drop();
    }
  }

  private void drop() {
    RedisConnectionGroup ended = link;
    failAll();
    if (ended != null) {
      ended.close();
    }
  }

  private void failAll() {
    up = false;
    link = null;
    List<ScriptCall> failed = new ArrayList<>(inFlight);
    failed.addAll(waiting);
    inFlight.clear();
    waiting.clear();
    failed.forEach(call -> finish(call, new StoreResponse.Failed()));
  }

  private void finish(ScriptCall call, StoreResponse answer) {
    outstanding.decrementAndGet();
    counter.accept(call.request(), answer);
    call.answer().complete(answer);
  }

  private byte[] key(StoreRequest request) {
    byte[] id = request.id().toString().getBytes(StandardCharsets.US_ASCII);
    byte[] key = new byte[namespace.length + id.length];
    System.arraycopy(namespace, 0, key, 0, namespace.length);
    System.arraycopy(id, 0, key, namespace.length, id.length);
    return key;
  }
}
