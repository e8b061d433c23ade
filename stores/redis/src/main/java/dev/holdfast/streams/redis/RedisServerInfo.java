package dev.holdfast.streams.redis;

import dev.holdfast.streams.redis.RedisStoreOptions.RestartTrust;
import java.util.HashMap;
import java.util.Map;

/**
 * The identity and the persistence settings of one run of a Redis process, read at connect.
 *
 * @param id the beginning of Redis's {@code run_id}; it changes with each start
 * @param version the version as Redis reports it
 * @param appendFsync {@code always}, {@code everysec} or {@code no}; {@code off} without an
 *     append-only file; {@code unknown} where the user may not read it
 * @param wasReplica whether the process was a replica before it became the primary
 * @param cluster whether the process is a member of a cluster
 */
record RedisServerInfo(
    String id, String version, String appendFsync, boolean wasReplica, boolean cluster) {
  private static final String NO_REPLICATION = "0".repeat(40);

  private static final int ID_DIGITS = 16;

  /**
   * Reads the answers to INFO and to CONFIG GET appendfsync.
   *
   * @param appendFsync "" when Redis does not tell
   */
  static RedisServerInfo of(String info, String appendFsync) {
    Map<String, String> facts = new HashMap<>();
    info.lines()
        .map(line -> line.split(":", 2))
        .filter(pair -> pair.length == 2)
        .forEach(pair -> facts.put(pair[0], pair[1].strip()));
    boolean log = facts.getOrDefault("aof_enabled", "0").equals("1");
    return new RedisServerInfo(
        shorten(facts.getOrDefault("run_id", "")),
        facts.getOrDefault("redis_version", "?"),
        !log ? "off" : appendFsync.isEmpty() ? "unknown" : appendFsync,
        !facts.getOrDefault("master_replid2", NO_REPLICATION).equals(NO_REPLICATION),
        facts.getOrDefault("cluster_enabled", "0").equals("1"));
  }

  /**
   * The first 64 bits of the run id, enough to tell the runs of one Redis apart. Every request
   * carries them.
   */
  private static String shorten(String id) {
    return id.substring(0, Math.min(id.length(), ID_DIGITS));
  }

  /** Whether records from before this run are complete, by the store's policy for restarts. */
  boolean isTrusted(RestartTrust restartTrust, boolean sentinel) {
    return switch (restartTrust) {
      case TRUSTED -> true;
      case UNTRUSTED -> false;
      case BY_FSYNC -> isDurable() && !sentinel;
    };
  }

  /** Whether it had each change on its disk before it answered, and took over from nobody. */
  boolean isDurable() {
    return appendFsync.equals("always") && !wasReplica;
  }
}
