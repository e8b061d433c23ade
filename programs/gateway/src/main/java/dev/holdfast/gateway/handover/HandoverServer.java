package dev.holdfast.gateway.handover;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.listener.ListeningSocket;
import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.PeerCredentials;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server of the socket handover: passes the listening sockets of a running gateway to a newer
 * process ({@link Takeover}), which serves while this one drains. Until the newer process says that
 * it serves, this gateway continues unchanged. One handover at a time, with processes of the same
 * user or root. Thread-safe.
 */
public final class HandoverServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HandoverServer.class);

  private final EventLoopGroup thread =
      ClosingEventLoopGroup.of(
          1, new DefaultThreadFactory("holdfast-handover", true), EpollIoHandler.newFactory());

  @Limit(
      of = "time that a process waits for another one which is taking over the same gateway",
      then = "it is refused")
  static final Duration TURN = Duration.ofSeconds(1);

  @Limit(
      of = "gateways before the last one that are asked for a resumable stream",
      then = "the streams of older ones are not found: their readers begin anew")
  static final int MAX_EARLIER = 8;

  @Limit(
      of = "processes that wait to take over a gateway",
      then = "a further one is closed at once")
  static final int MAX_PEERS = 4;

  private final Semaphore turn = new Semaphore(1, true);
  private final AtomicInteger peers = new AtomicInteger();
  private final Path path;
  private final Set<HandoverConnection> wires = ConcurrentHashMap.newKeySet();
  private final HandoverSource handoverSource;
  private final int own;
  private final Channel socket;

  /**
   * The gateway that is handed over, with its hooks.
   *
   * @param gateway the owner of the sockets
   * @param sessions its resumable streams, which stay here while it drains if the new process can
   *     relay their readers
   * @param release frees what else the new process needs, such as the port of the admin page; runs
   *     before the new process is told
   * @param drain starts the drain
   */
  public record HandoverSource(
      Gateway gateway, ResumeSessions sessions, Runnable release, Runnable drain) {}

  private HandoverServer(Path path, HandoverSource handoverSource) throws IOException {
    this.path = path;
    this.handoverSource = handoverSource;
    this.own = HandoverPath.ownUid();
    this.socket =
        HandoverPath.bind(
            path,
            thread,
            new ChannelInitializer<EpollDomainSocketChannel>() {
              @Override
              protected void initChannel(EpollDomainSocketChannel channel) {
                onPeer(channel);
              }
            });
  }

  /**
   * Binds the socket and accepts handover requests from now on.
   *
   * @param path of the socket; a stale socket file is replaced
   * @throws IOException when the path can't be bound, or other users could replace it
   */
  public static HandoverServer open(Path path, HandoverSource handoverSource) throws IOException {
    HandoverPath.check(path);
    return new HandoverServer(path, handoverSource);
  }

  /** Closes the socket and any handover in progress. */
  @Override
  public void close() {
    socket.close().awaitUninterruptibly();
    wires.forEach(HandoverConnection::abort);
    thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private void onPeer(EpollDomainSocketChannel channel) {
    HandoverConnection wire = new HandoverConnection(channel);
    if (peers.incrementAndGet() > MAX_PEERS) {
      peers.decrementAndGet();
      var unused = channel.close();
      return;
    }
    wires.add(wire);
    Thread talk = new Thread(() -> serve(wire), "holdfast-handover-peer");
    talk.setDaemon(true);
    talk.start();
  }

  private void serve(HandoverConnection wire) {
    try (wire) {
      boolean ours = turn.tryAcquire(TURN.toNanos(), TimeUnit.NANOSECONDS);
      try {
        handOver(wire, ours);
      } finally {
        if (ours) {
          turn.release();
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    } finally {
      wires.remove(wire);
      peers.decrementAndGet();
    }
  }

  private void handOver(HandoverConnection wire, boolean ours) throws InterruptedException {
    ReaderSocket readers = null;
    try {
      PeerCredentials peer = wire.peer();
      Optional<String> untrusted = HandoverPath.untrustedPeer(peer.uid(), own);
      if (untrusted.isPresent()) {
        throw refused(wire, untrusted.get());
      }
      if (!ours) {
        throw refused(wire, "another process is taking over");
      }
      boolean relays = hear(wire).equals(HandoverConnection.RELAYS_READERS);
      readers = relays ? openReaders() : null;
      List<InetSocketAddress> handed = hand(wire, readers);
      wire.receive(HandoverConnection.HandoverMessage.SERVING);
      log.info("event=handover_done pid={} sockets={}", peer.pid(), SocketAddressText.line(handed));
      socket.close().awaitUninterruptibly();
      if (readers != null) {
        handoverSource.sessions().keepInDrain();
      }
      handoverSource.release().run();
      wire.send(HandoverConnection.HandoverMessage.LEAVING, "");
    } catch (IOException e) {
      boolean leaving = !socket.isOpen();
      log.warn(
          "event=handover_failed gateway={} reason=\"{}\"",
          leaving ? "draining" : "serving",
          e.getMessage());
    }
    if (!socket.isOpen()) {
      handoverSource.drain().run();
      closeAfterDrain(readers);
    } else if (readers != null) {
      readers.close();
    }
  }

  /** Without it the streams end as they do with a process that relays no readers. */
  private @Nullable ReaderSocket openReaders() {
    try {
      return ReaderSocket.beside(path, handoverSource.sessions());
    } catch (IOException e) {
      log.warn("event=resume_relay_closed reason=\"{}\"", e.getMessage());
      return null;
    }
  }

  private void closeAfterDrain(@Nullable ReaderSocket readers) {
    if (readers != null) {
      var unused = handoverSource.gateway().drain().whenComplete((gone, why) -> readers.close());
    }
  }

  /** Receives the request. A request of another protocol version is answered with a refusal. */
  private static String hear(HandoverConnection wire) throws IOException, InterruptedException {
    try {
      return wire.receive(HandoverConnection.HandoverMessage.ASK);
    } catch (HandoverException e) {
      throw e.isGone() ? e : refused(wire, String.valueOf(e.getMessage()));
    }
  }

  private List<InetSocketAddress> hand(HandoverConnection wire, @Nullable ReaderSocket readers)
      throws IOException, InterruptedException {
    List<InetSocketAddress> named = new ArrayList<>();
    handoverSource
        .gateway()
        .lendListeningSockets(sockets -> sockets.forEach(each -> named.add(each.address())));
    if (named.isEmpty() || named.size() > HandoverConnection.MAX_SOCKETS) {
      throw refused(
          wire, named.size() + " sockets (expected: 1 to " + HandoverConnection.MAX_SOCKETS + ")");
    }
    List<String> lines = new ArrayList<>(List.of(SocketAddressText.text(named)));
    if (readers != null) {
      lines.add(HandoverConnection.READERS + readers.path());
      handoverSource.sessions().earlierGateways().stream()
          .filter(Files::exists)
          .limit(MAX_EARLIER)
          .forEach(earlier -> lines.add(HandoverConnection.READERS + earlier));
    }
    wire.send(HandoverConnection.HandoverMessage.LIST, String.join("\n", lines));
    String unused = wire.receive(HandoverConnection.HandoverMessage.SEND);
    handoverSource
        .gateway()
        .lendListeningSockets(
            sockets -> {
              if (!named.equals(sockets.stream().map(ListeningSocket::address).toList())) {
                throw HandoverException.of("the listeners changed meanwhile");
              }
              for (ListeningSocket each : sockets) {
                wire.sendDescriptor(each.descriptor());
              }
            });
    return named;
  }

  private static HandoverException refused(HandoverConnection wire, String why)
      throws HandoverException {
    wire.send(HandoverConnection.HandoverMessage.REFUSED, why);
    return HandoverException.of(why);
  }
}
