package dev.holdfast.streams.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.streams.redis.local.RedisProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Real ones: where there is none the test is left out, unless nothing may be. */
final class RequiredRedis {
  private RequiredRedis() {}

  static RedisProcess start(Path folder, String... arguments) throws IOException {
    assumeTrue(
        RedisProcess.isInstalled() || "1".equals(System.getenv("HOLDFAST_NO_SKIPS")),
        "redis-server is not installed (apt-get install redis-server)");
    return RedisProcess.start(folder, arguments);
  }

  /** Says something to it as an operator would. */
  static String command(RedisProcess redis, String line) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
          .readLine();
    }
  }

  /** One fact of what INFO says. */
  static String info(RedisProcess redis, String fact) throws IOException {
    return info(redis, "default", fact);
  }

  /** One fact of a section of what INFO says. */
  static String info(RedisProcess redis, String section, String fact) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      socket
          .getOutputStream()
          .write(("INFO " + section + "\r\nQUIT\r\n").getBytes(StandardCharsets.UTF_8));
      return new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
          .lines()
          .filter(line -> line.startsWith(fact + ":"))
          .map(line -> line.substring(fact.length() + 1))
          .findFirst()
          .orElseThrow();
    }
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }
}
