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
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection to one run of Redis. It is never repaired: when it ends, everything that waits for
 * it has failed, and the next one may lead to another Redis.
 */
final class RedisLink implements AutoCloseable {
  private final StatefulRedisConnection<byte[], byte[]> connection;
  private final RedisAsyncCommands<byte[], byte[]> commands;
  private final RedisRun run;
  private final boolean trusted;

  private RedisLink(
      StatefulRedisConnection<byte[], byte[]> connection, RedisRun run, boolean trusted) {
    this.connection = connection;
    this.commands = connection.async();
    this.run = run;
    this.trusted = trusted;
  }

  /** Connects and asks who is there; blocks for a few timeouts at most. */
  static RedisLink open(
      RedisClient client, RedisURI uri, RedisAddress address, RedisStoreOptions options) {
    StatefulRedisConnection<byte[], byte[]> connection =
        client.connect(ByteArrayCodec.INSTANCE, uri);
    try {
      RedisCommands<byte[], byte[]> ask = connection.sync();
      RedisRun run = RedisRun.of(ask.info(), appendFsync(ask));
      if (run.cluster()) {
        throw new IllegalStateException(
            "redis: " + address + " is a part of a cluster (expected: one primary, or sentinels)");
      }
      for (RedisScript script : RedisScript.values()) {
        ask.scriptLoad(script.source());
      }
      connection.setAutoFlushCommands(false);
      return new RedisLink(
          connection, run, run.isTrusted(options.restarts(), address.isSentinel()));
    } catch (RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private static String appendFsync(RedisCommands<byte[], byte[]> ask) {
    try {
      return ask.configGet("appendfsync").getOrDefault("appendfsync", "");
    } catch (RedisCommandExecutionException e) {
      // Many who host Redis for others forbid it; then it is not known.
      return "";
    }
  }

  RedisRun run() {
    return run;
  }

  /** Whether records of earlier runs are. */
  boolean isTrusted() {
    return trusted;
  }

  boolean isOpen() {
    return connection.isOpen();
  }

  /** Tells once when it has ended, from any thread. */
  void onEnd(Runnable listener) {
    connection.addListener(
        new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> ended) {
            listener.run();
          }
        });
    if (!connection.isOpen()) {
      listener.run();
    }
  }

  /**
   * Asks, when {@link #flush} is called.
   *
   * @param then gets the answer or why there is none, on the connection's thread
   */
  void send(
      RedisScript script,
      byte[] key,
      byte[][] arguments,
      BiConsumer<@Nullable List<Object>, @Nullable Throwable> then) {
    RedisFuture<List<Object>> asked =
        commands.evalsha(script.digest(), ScriptOutputType.MULTI, new byte[][] {key}, arguments);
    var unused =
        asked.whenComplete(
            (reply, failure) -> {
              if (failure instanceof RedisNoScriptException) {
                // Somebody said SCRIPT FLUSH.
                sendSource(script, key, arguments, then);
              } else {
                then.accept(reply, failure);
              }
            });
  }

  private void sendSource(
      RedisScript script,
      byte[] key,
      byte[][] arguments,
      BiConsumer<@Nullable List<Object>, @Nullable Throwable> then) {
    RedisFuture<List<Object>> asked =
        commands.eval(script.source(), ScriptOutputType.MULTI, new byte[][] {key}, arguments);
    var unused = asked.whenComplete(then);
    flush();
  }

  /** Writes what was sent. */
  void flush() {
    connection.flushCommands();
  }

  @Override
  public void close() {
    if (connection.isOpen()) {
      var unused = connection.closeAsync();
    }
  }
}
