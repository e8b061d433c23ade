package dev.holdfast.bench.process;

import dev.holdfast.bench.run.RunResources;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real Redis process on loopback. Its data is in a scratch folder that is removed with it. */
public final class LocalRedis implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;
  private static final int CONNECT_MILLIS = 200;

  private final Path folder;
  private final int port;
  private final Process process;

  private LocalRedis(Path folder, int port, Process process) {
    this.folder = folder;
    this.port = port;
    this.process = process;
  }

  /** Starts it and waits until it accepts connections; it keeps all in memory. */
  public static LocalRedis start(RunResources runResources)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("holdfast-bench-redis");
    int port = freePort();
    Process process =
        new ProcessBuilder(
                "redis-server",
                "--port",
                "" + port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("redis.log").toFile())
            .start();
    LocalRedis redis = runResources.own(new LocalRedis(folder, port, process));
    redis.awaitAccepting();
    return redis;
  }

  public String uri() {
    return "redis://127.0.0.1:" + port + "/0";
  }

  public long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : all) {
        Files.deleteIfExists(file);
      }
    }
  }

  private void awaitAccepting() throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() - end < 0) {
      try (Socket probe = new Socket()) {
        probe.connect(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
        return;
      } catch (IOException e) {
        if (!process.isAlive()) {
          throw new IOException("redis-server ended with " + process.exitValue(), e);
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
    throw new IOException("redis-server does not accept connections");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
