package dev.holdfast.streams.redis.local;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.core.local.LocalServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A redis-server process on loopback with {@code appendfsync always}: each change is in the
 * append-only file before its reply, so that a restart loses nothing. Not thread-safe.
 */
public final class RedisProcess extends LocalServer {
  private static final ServerExecutable REDIS =
      new ServerExecutable("redis-server", "redis-server", "redis");
  private static final int ASK_TIMEOUT_MILLIS = 1000;

  private final int port;
  private final List<String> arguments;

  private RedisProcess(Path folder, int port, List<String> arguments) {
    super(REDIS, "redis-server", folder);
    this.port = port;
    this.arguments = List.copyOf(arguments);
  }

  /** Whether redis-server is on the PATH. */
  public static boolean isInstalled() {
    return REDIS.isInstalled();
  }

  /**
   * Starts a server on a free port and waits until it serves.
   *
   * @param folder for its data and its log; made if missing
   * @param arguments appended to the command line, after (and so instead of) the usual ones
   * @throws IOException when it is not installed or does not start; the message says what to do
   */
  public static RedisProcess start(Path folder, String... arguments) throws IOException {
    return startOnFreePorts(() -> new RedisProcess(folder, FreePort.find(), List.of(arguments)));
  }

  /** Starts it, again with whatever data its folder holds, and waits until it serves. */
  public void start() throws IOException {
    launch();
    awaitServing();
  }

  /** Whether it answers a question; one that wants a password counts as well. */
  public boolean isServing() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), ASK_TIMEOUT_MILLIS);
      socket.setSoTimeout(ASK_TIMEOUT_MILLIS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      String answer = new String(in.readNBytes(5), StandardCharsets.US_ASCII);
      return answer.equals("+PONG") || answer.equals("-NOAU");
    } catch (IOException e) {
      // Not yet, or not any more: that is the answer.
      return false;
    }
  }

  public int port() {
    return port;
  }

  /** The URI for {@link dev.holdfast.streams.redis.RedisSessionStore#open(String)}. */
  public String uri() {
    return "redis://127.0.0.1:" + port + "/0";
  }

  @Override
  protected boolean serves() {
    return isServing();
  }

  @Override
  protected List<String> command() throws IOException {
    Files.createDirectories(dataFolder());
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--dir",
                dataFolder().toString(),
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--save",
                ""));
    command.addAll(arguments);
    return command;
  }
}
