package dev.holdfast.cli.systemd;

import dev.holdfast.core.annotation.Limit;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The notifier of a service manager: sends the states of this process as datagrams to the Unix
 * socket that {@code NOTIFY_SOCKET} names, by the protocol of {@code sd_notify(3)}.
 *
 * <p>Without the variable nothing is sent. A notification that fails is logged once and stops
 * nothing. Thread-safe.
 */
public final class ServiceNotifier {
  /** The variable by which systemd names its socket. */
  static final String VARIABLE = "NOTIFY_SOCKET";

  @Limit(
      of = "time that a notification of systemd waits for room in its socket",
      then = "it is dropped, and the log says so")
  static final Duration SEND_TIMEOUT = Duration.ofSeconds(1);

  private static final Logger log = LoggerFactory.getLogger(ServiceNotifier.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final char ABSTRACT = '@';

  private final String socket;
  private boolean silent;
  private boolean failed;

  private ServiceNotifier(String socket) {
    this.socket = socket;
    this.silent = socket.isEmpty();
  }

  /** The notifier of this process. */
  public static ServiceNotifier ofProcess() {
    return of(System.getenv());
  }

  static ServiceNotifier of(Map<String, String> environment) {
    return new ServiceNotifier(environment.getOrDefault(VARIABLE, ""));
  }

  /**
   * Declares this process the main one of its service. A process that takes over from another one
   * of the same service calls this before the other one ends.
   */
  public void mainProcess() {
    send("MAINPID=" + ProcessHandle.current().pid());
  }

  /** Reports that the service is up, or that a reload is over; {@code status} is for people. */
  public void ready(String status) {
    send("READY=1\nSTATUS=" + status);
  }

  /** Reports that a reload began. {@link #ready} ends it. */
  public void reloading() {
    // The JVM's nanoTime is CLOCK_MONOTONIC on Linux, which Type=notify-reload compares with.
    send(
        "RELOADING=1\nMONOTONIC_USEC="
            + TimeUnit.NANOSECONDS.toMicros(System.nanoTime())
            + "\nSTATUS=reloading");
  }

  /** Reports that the service ends. */
  public void stopping(String status) {
    send("STOPPING=1\nSTATUS=" + status);
  }

  /** Sends nothing from now on, as another process speaks for the service. */
  public synchronized void handedOver() {
    silent = true;
  }

  private synchronized void send(String state) {
    if (silent) {
      return;
    }
    try {
      if (!Epoll.isAvailable()) {
        throw new IOException("no native sockets here (expected: Linux on x86_64 or aarch64)");
      }
      send(state.getBytes(StandardCharsets.UTF_8), address(socket));
    } catch (IOException e) {
      if (!failed) {
        failed = true;
        // Netty's exceptions of a missing socket have no message.
        log.warn(
            "event=notify_failed socket={} reason=\"{}\"",
            socket,
            e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
      }
    }
  }

  /** The bytes of a socket's address; one in the abstract namespace begins with a zero. */
  private static byte[] address(String socket) throws IOException {
    if (socket.charAt(0) != ABSTRACT && socket.charAt(0) != '/') {
      throw new IOException(
          VARIABLE + ": " + socket + " (expected: an absolute path, or a name after @)");
    }
    byte[] bytes = socket.getBytes(StandardCharsets.UTF_8);
    if (bytes[0] == ABSTRACT) {
      bytes[0] = 0;
    }
    return bytes;
  }

  private static void send(byte[] state, byte[] address) throws IOException {
    ByteBuffer message = ByteBuffer.allocateDirect(state.length).put(state);
    Socket datagrams = Socket.newSocketDomainDgram();
    try {
      long startNanos = System.nanoTime();
      while (datagrams.sendToDomainSocket(message, 0, state.length, address) == 0) {
        if (System.nanoTime() - startNanos > SEND_TIMEOUT.toNanos()) {
          throw new IOException("no room within " + SEND_TIMEOUT.toSeconds() + "s");
        }
        LockSupport.parkNanos(RETRY_NANOS);
      }
    } finally {
      datagrams.close();
    }
  }
}
