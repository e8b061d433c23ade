package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.process.DemoResources;
import dev.holdfast.streams.redis.local.RedisProcess;
import java.io.IOException;

/** The Redis of {@code demo streams}: its own process, or one that already runs. */
public final class DemoRedis {
  public static final String START = "start";
  private static final String NAME = "redis";

  private DemoRedis() {}

  /**
   * The URI of the store, which serves when this returns or was said to.
   *
   * @throws IOException when it can't be started; the message says what to do
   */
  static String open(String choice, DemoResources resources) throws IOException {
    if (!choice.equals(START)) {
      return choice;
    }
    RedisProcess redis =
        resources.own(RedisProcess.start(resources.runDirectory().directory().resolve(NAME)));
    resources.runDirectory().recordPid(NAME, redis.pid());
    return redis.uri();
  }

  /** The URI of a Redis without its user and password, for output. */
  static String shown(String uri) {
    return uri.replaceFirst("//[^@/]*@", "//");
  }
}
