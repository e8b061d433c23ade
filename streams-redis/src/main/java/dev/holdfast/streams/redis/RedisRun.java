package dev.holdfast.streams.redis;

import dev.holdfast.streams.redis.RedisStoreOptions.Restarts;
import java.util.HashMap;
import java.util.Map;

/**
 * What a Redis says of itself when we connect: one run of one process.
 *
 * @param id another one after each start; the beginning of what Redis calls {@code run_id}
 * @param version as Redis has it
 * @param appendFsync {@code always}, {@code everysec}, {@code no}, {@code off} without a log of
 *     changes, or {@code unknown} where we may not ask
 * @param wasReplica whether it became the primary in the place of another one
 * @param cluster whether it is a part of a cluster
 */
record RedisRun(
    String id, String version, String appendFsync, boolean wasReplica, boolean cluster) {
  private static final String NO_REPLICATION = "0".repeat(40);

  private static final int ID_DIGITS = 16;

  /**
   * Reads the answers to INFO and to CONFIG GET appendfsync.
   *
   * @param appendFsync "" when Redis does not tell
   */
  static RedisRun of(String info, String appendFsync) {
    Map<String, String> facts = new HashMap<>();
    info.lines()
        .map(line -> line.split(":", 2))
        .filter(pair -> pair.length == 2)
        .forEach(pair -> facts.put(pair[0], pair[1].strip()));
    boolean log = facts.getOrDefault("aof_enabled", "0").equals("1");
    return new RedisRun(
        shorten(facts.getOrDefault("run_id", "")),
        facts.getOrDefault("redis_version", "?"),
        !log ? "off" : appendFsync.isEmpty() ? "unknown" : appendFsync,
        !facts.getOrDefault("master_replid2", NO_REPLICATION).equals(NO_REPLICATION),
        facts.getOrDefault("cluster_enabled", "0").equals("1"));
  }

  /** It goes with each request; 64 bits tell the runs of one Redis apart. */
  private static String shorten(String id) {
    return id.substring(0, Math.min(id.length(), ID_DIGITS));
  }

  /** Whether what it has from before its start is all that was ever answered for. */
  boolean isTrusted(Restarts restarts, boolean sentinel) {
    return switch (restarts) {
      case TRUSTED -> true;
      case DOUBTED -> false;
      case BY_FSYNC -> forgetsNothing() && !sentinel;
    };
  }

  /** Whether it had each change on its disk before it answered, and took over from nobody. */
  boolean forgetsNothing() {
    return appendFsync.equals("always") && !wasReplica;
  }
}
