package dev.holdfast.streams.redis;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one run of a Redis process. A group is never repaired: when one connection
 * ends, all pending requests fail, and the next group may lead to another Redis.
 *
 * <p>A group has several connections, because Redis reads at most 16 KiB of each at a time and
 * writes its append-only file once for all that it read.
 */
final class RedisConnectionGroup implements AutoCloseable {
  private final List<StatefulRedisConnection<byte[], byte[]>> connections;
  private final List<RedisAsyncCommands<byte[], byte[]>> commands;
  private final RedisServerInfo run;
  private final boolean trusted;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicLongArray heardNanos;
  private int next;

  private RedisConnectionGroup(
      List<StatefulRedisConnection<byte[], byte[]>> connections,
      RedisServerInfo run,
      boolean trusted) {
    this.connections = List.copyOf(connections);
    this.commands = connections.stream().map(StatefulRedisConnection::async).toList();
    this.run = run;
    this.trusted = trusted;
    this.heardNanos = new AtomicLongArray(connections.size());
    for (int i = 0; i < connections.size(); i++) {
      heardNanos.set(i, System.nanoTime());
    }
  }

  /** Connects and asks who is there; each answer may take the timeout of the URI. */
  static RedisConnectionGroup open(
      RedisClient client, RedisURI uri, RedisAddress address, RedisStoreOptions options) {
    List<StatefulRedisConnection<byte[], byte[]>> opened = new ArrayList<>();
    try {
      RedisServerInfo first = null;
      for (int i = 0; i < options.connections(); i++) {
        StatefulRedisConnection<byte[], byte[]> connection =
            client.connect(ByteArrayCodec.INSTANCE, uri);
        opened.add(connection);
        RedisServerInfo run = greet(connection, address);
        if (first != null && !first.id().equals(run.id())) {
          throw new IllegalStateException(
              "redis: " + address + " is two at a time (expected: one; it is being replaced)");
        }
        first = run;
        connection.setAutoFlushCommands(false);
      }
      RedisServerInfo run = Objects.requireNonNull(first);
      boolean trusted = run.isTrusted(options.restarts(), address.isSentinel());
      return new RedisConnectionGroup(opened, run, trusted);
    } catch (RuntimeException e) {
      closeAll(opened);
      throw e;
    }
  }

  private static RedisServerInfo greet(
      StatefulRedisConnection<byte[], byte[]> connection, RedisAddress address) {
    RedisCommands<byte[], byte[]> ask = connection.sync();
    RedisServerInfo run = RedisServerInfo.of(ask.info(), appendFsync(ask));
    if (run.cluster()) {
      throw new IllegalStateException(
          "redis: " + address + " is a part of a cluster (expected: one primary, or sentinels)");
    }
    for (RedisScript script : RedisScript.values()) {
      ask.scriptLoad(script.source());
    }
    return run;
  }

  private static String appendFsync(RedisCommands<byte[], byte[]> ask) {
    try {
      return ask.configGet("appendfsync").getOrDefault("appendfsync", "");
    } catch (RedisCommandExecutionException e) {
      // Many who host Redis for others forbid it; then it is not known.
      return "";
    }
  }

  RedisServerInfo run() {
    return run;
  }

  /** Whether records of earlier runs are. */
  boolean isTrusted() {
    return trusted;
  }

  boolean isOpen() {
    return connections.stream().allMatch(StatefulRedisConnection::isOpen);
  }

  /** Adds a listener for the end of the link; called on any thread, maybe more than once. */
  void onEnd(Runnable listener) {
    for (StatefulRedisConnection<byte[], byte[]> connection : connections) {
      connection.addListener(
          new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> ended) {
              listener.run();
            }
          });
    }
    if (!isOpen()) {
      listener.run();
    }
  }

  /**
   * Asks, when {@link #flush} is called. By one thread at a time.
   *
   * @param then gets the answer or why there is none, on a connection's thread
   * @return the connection that was asked, for {@link #heardNanos}
   */
  int send(
      RedisScript script,
      byte[] key,
      byte[][] arguments,
      BiConsumer<@Nullable List<Object>, @Nullable Throwable> then) {
    // A session has one request at a time: no order is to be kept.
    int turn = next % connections.size();
    RedisAsyncCommands<byte[], byte[]> to = commands.get(turn);
    RedisFuture<List<Object>> asked =
        to.evalsha(script.digest(), ScriptOutputType.MULTI, new byte[][] {key}, arguments);
    var unused =
        asked.whenComplete(
            (reply, failure) -> {
              heardNanos.set(turn, System.nanoTime());
              if (failure instanceof RedisNoScriptException) {
                // Somebody said SCRIPT FLUSH.
                RedisFuture<List<Object>> again =
                    to.eval(script.source(), ScriptOutputType.MULTI, new byte[][] {key}, arguments);
                var unusedEither = again.whenComplete(then);
                connections.get(turn).flushCommands();
              } else {
                then.accept(reply, failure);
              }
            });
    next = turn + 1;
    return turn;
  }

  /** When a connection answered last. One may be silent while its neighbours answer. */
  long heardNanos(int connection) {
    return heardNanos.get(connection);
  }

  /** Flushes the queued commands of all connections. */
  void flush() {
    connections.forEach(StatefulRedisConnection::flushCommands);
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      closeAll(connections);
    }
  }

  private static void closeAll(List<StatefulRedisConnection<byte[], byte[]>> connections) {
    for (StatefulRedisConnection<byte[], byte[]> connection : connections) {
      var unused = connection.closeAsync();
    }
  }
}
