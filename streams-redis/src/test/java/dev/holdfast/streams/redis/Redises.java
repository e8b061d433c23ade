package dev.holdfast.streams.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.streams.redis.local.RedisProcess;
import java.io.IOException;
import java.nio.file.Path;

/** Real ones: where there is none the test is left out, unless nothing may be. */
final class Redises {
  private Redises() {}

  static RedisProcess start(Path folder, String... arguments) throws IOException {
    assumeTrue(
        RedisProcess.isInstalled() || "1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
        "redis-server is not installed (apt-get install redis-server)");
    return RedisProcess.start(folder, arguments);
  }
}
