package dev.holdfast.examples;

import dev.holdfast.streams.redis.RedisSessionStore;
import io.grpc.Server;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** {@link ExactlyOnceServer} for a test: it ends with its parent process. */
public final class ExactlyOnceProgram {
  private ExactlyOnceProgram() {}

  public static void main(String[] args) throws Exception {
    RedisSessionStore store = RedisSessionStore.open(args[0]);
    if (!store.awaitConnected(Duration.ofSeconds(60))) {
      throw new IllegalStateException("no Redis at " + store);
    }
    byte[] key = "the same key for all instances".getBytes(StandardCharsets.UTF_8);
    Server server = ExactlyOnceServer.start(0, store, args[1], key);
    System.out.println("READY " + server.getPort());
    while (System.in.read() >= 0) {
      // Until the parent process is gone.
    }
    server.shutdownNow();
  }
}
