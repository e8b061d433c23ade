package dev.holdfast.bench.process;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.streams.redis.local.RedisProcess;
import java.io.IOException;

/** The Redis of a benchmark, which keeps everything in memory alone. */
public final class LocalRedis {
  private LocalRedis() {}

  /** Starts a Redis and waits until it serves; its scratch folder goes with it. */
  public static RedisProcess start(RunResources runResources) throws IOException {
    ScratchFolder folder = runResources.own(ScratchFolder.create("holdfast-bench-redis"));
    return runResources.own(RedisProcess.start(folder.path(), "--appendonly", "no"));
  }
}
