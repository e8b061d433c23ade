package dev.holdfast.streams.redis;

import dev.holdfast.core.Subscription;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A store for durable sessions in Redis 6.2 or newer, with one primary, or with the primary that
 * sentinels name; not a cluster.
 *
 * <pre>
 * RedisSessionStore store = RedisSessionStore.open("redis://127.0.0.1:6379/0");
 * ServerStreams streams = ServerStreams.builder().store(store).tokenKey(key).build();
 * </pre>
 *
 * <p>Every instance has one of these, over a few connections for all of its sessions. It connects
 * by itself, for as long as it is open; while there is no connection every request fails at once,
 * and sessions ask again. What Redis answered for and then forgot (no {@code appendfsync always}, a
 * replica that took over) ends in SESSION_LOST, told once: see docs/streams.md, "Durable".
 *
 * <p>The password stands in the URI or, better, in {@code HOLDFAST_REDIS_PASSWORD_FILE} or {@code
 * HOLDFAST_REDIS_PASSWORD} ({@code HOLDFAST_REDIS_USER} for a name); it is never logged, and the
 * file is read at each connect. Thread-safe. Stages complete on a thread of the store's, which must
 * not be blocked.
 */
public final class RedisSessionStore implements SessionStore, AutoCloseable {
  private final RequestPipeline pipeline;
  private final RedisConnector connector;
  private final List<Subscription> gauges;
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();
  private final MeterRegistry meters;
  private final RedisAddress address;

  private RedisSessionStore(RedisAddress address, RedisStoreOptions options, MeterRegistry meters) {
    this.address = address;
    this.meters = meters;
    Counter doubted = RedisMeter.UNTRUSTED.counter(meters);
    pipeline = new RequestPipeline(options, this::count, doubted::increment);
    connector = new RedisConnector(address, options, pipeline);
    gauges =
        List.of(
            RedisMeter.CONNECTED.gauge(meters, () -> pipeline.isUp() ? 1 : 0, address.toString()),
            RedisMeter.OUTSTANDING.gauge(meters, pipeline::outstanding, address.toString()));
  }

  /**
   * Begins to connect and does not wait for it.
   *
   * @param uri {@code redis[s]://[user:password@]host[:port][/database]} or {@code
   *     redis[s]-sentinel://host[:port][,host[:port]]/database#primary}
   * @throws IllegalArgumentException when it is none
   */
  public static RedisSessionStore open(String uri) {
    return open(uri, RedisStoreOptions.DEFAULT);
  }

  /** Opens a store with other settings; see {@link #open(String)}. */
  public static RedisSessionStore open(String uri, RedisStoreOptions options) {
    return open(uri, options, Metrics.globalRegistry, System.getenv());
  }

  /**
   * Opens a store with all its settings given; connects in the background, as {@link #open(String)}
   * does.
   *
   * @param meters the registry of the {@link RedisMeter}s
   * @param environment the environment variables that hold the password
   */
  public static RedisSessionStore open(
      String uri,
      RedisStoreOptions options,
      MeterRegistry meters,
      Map<String, String> environment) {
    RedisAddress address = RedisAddress.parse(uri, environment);
    RedisSessionStore store = new RedisSessionStore(address, options, meters);
    store.connector.start();
    return store;
  }

  @Override
  public CompletionStage<StoreResponse> claim(StoreRequest.Claim request) {
    return pipeline.submit(request);
  }

  @Override
  public CompletionStage<StoreResponse> save(StoreRequest.Save request) {
    return pipeline.submit(request);
  }

  /** Whether requests go to Redis now, instead of failing. */
  public boolean isConnected() {
    return pipeline.isUp();
  }

  /**
   * Waits until there is a connection: for programs that would rather not start without.
   *
   * @return whether there is one
   */
  public boolean awaitConnected(Duration patience) throws InterruptedException {
    return connector.awaitConnected(patience);
  }

  /** Ends the connection; requests fail from now on. */
  @Override
  public void close() {
    connector.close();
    gauges.forEach(Subscription::close);
  }

  /** The address, without a password. */
  @Override
  public String toString() {
    return address.toString();
  }

  private void count(StoreRequest request, StoreResponse answer) {
    String verb = request instanceof StoreRequest.Claim ? "claim" : "save";
    String name = answer.getClass().getSimpleName();
    counters
        .computeIfAbsent(
            verb + name,
            unused -> RedisMeter.ANSWERS.counter(meters, verb, name.toUpperCase(Locale.ROOT)))
        .increment();
  }
}
