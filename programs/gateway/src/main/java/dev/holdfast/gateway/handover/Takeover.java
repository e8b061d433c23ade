package dev.holdfast.gateway.handover;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.gateway.listener.ListeningSocket;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening sockets of a running gateway, taken over by a newer process. Until {@link #serving}
 * the old gateway continues unchanged, also when this is closed or this process dies. Not
 * thread-safe.
 */
public final class Takeover implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Takeover.class);

  private final EventLoopGroup thread;
  private final HandoverConnection wire;
  private final List<ListeningSocket> sockets;

  private final List<Path> readers;

  private Takeover(
      EventLoopGroup thread,
      HandoverConnection wire,
      List<ListeningSocket> sockets,
      List<Path> readers) {
    this.thread = thread;
    this.wire = wire;
    this.sockets = sockets;
    this.readers = List.copyOf(readers);
  }

  /**
   * Checks that a path can be used for a handover.
   *
   * @throws HandoverException when other users could create files in its folder, or this platform
   *     has no epoll
   */
  public static void check(Path path) throws IOException {
    if (!Epoll.isAvailable()) {
      throw HandoverException.of("handover: no epoll here (expected: Linux on x86_64 or aarch64)");
    }
    HandoverPath.check(path);
  }

  /**
   * Requests the sockets of the gateway that listens at a path.
   *
   * @return empty when no gateway listens there, or it died before it sent them
   * @throws IOException when the gateway does not hand its sockets over
   */
  public static Optional<Takeover> ask(Path path) throws IOException, InterruptedException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    EventLoopGroup thread =
        ClosingEventLoopGroup.of(
            1, new DefaultThreadFactory("holdfast-takeover", true), EpollIoHandler.newFactory());
    boolean taken = false;
    try {
      Optional<HandoverConnection> wire = connect(path, thread);
      if (wire.isEmpty()) {
        return Optional.empty();
      }
      List<Path> readers = new ArrayList<>();
      List<ListeningSocket> sockets = sockets(wire.get(), readers);
      taken = true;
      log.info(
          "event=handover_taken pid={} sockets={}",
          wire.get().peer().pid(),
          SocketAddressText.line(sockets.stream().map(ListeningSocket::address).toList()));
      return Optional.of(new Takeover(thread, wire.get(), sockets, readers));
    } catch (HandoverException e) {
      if (!e.isGone()) {
        throw HandoverException.of("handover: " + path + ": " + e.getMessage());
      }
      log.warn("event=handover_failed other=gone reason=\"{}\"", e.getMessage());
      return Optional.empty();
    } finally {
      if (!taken) {
        end(thread);
      }
    }
  }

  /** The sockets, in the order of the old gateway's listeners. The user of a socket closes it. */
  public List<ListeningSocket> sockets() {
    return sockets;
  }

  /**
   * The sockets of earlier gateways that may have resumable streams, the last one first; for {@link
   * dev.holdfast.gateway.resume.ResumeSessions#useEarlierGateways}.
   */
  public List<Path> readers() {
    return readers;
  }

  /**
   * Tells the old gateway that this process serves, so that it stops accepting and drains its
   * calls.
   *
   * @return whether the old gateway answered or is gone; its other resources, such as the port of
   *     its admin page, are free then
   */
  public boolean serving() throws InterruptedException {
    try {
      wire.send(HandoverConnection.HandoverMessage.SERVING, "");
      String unused = wire.receive(HandoverConnection.HandoverMessage.LEAVING);
      return true;
    } catch (HandoverException e) {
      log.warn("event=handover_unanswered reason=\"{}\"", e.getMessage());
      return e.isGone();
    }
  }

  @Override
  public void close() {
    wire.close();
    end(thread);
  }

  private static Optional<HandoverConnection> connect(Path path, EventLoopGroup thread)
      throws IOException, InterruptedException {
    HandoverConnection[] wire = new HandoverConnection[1];
    ChannelFuture connected =
        new Bootstrap()
            .group(thread)
            .channel(EpollDomainSocketChannel.class)
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.toIntExact(HandoverConnection.ANSWER.toMillis()))
            .handler(
                new ChannelInitializer<EpollDomainSocketChannel>() {
                  @Override
                  protected void initChannel(EpollDomainSocketChannel channel) {
                    wire[0] = new HandoverConnection(channel);
                  }
                })
            .connect(new DomainSocketAddress(path.toFile()))
            .awaitUninterruptibly();
    if (connected.cause() instanceof ConnectException) {
      // The socket of a gateway that was killed.
      return Optional.empty();
    }
    if (!connected.isSuccess()) {
      throw HandoverException.of(IoErrorText.of(connected.cause()));
    }
    Optional<String> untrusted =
        HandoverPath.untrustedPeer(wire[0].peer().uid(), HandoverPath.ownUid());
    if (untrusted.isPresent()) {
      throw HandoverException.of(untrusted.get());
    }
    return Optional.of(wire[0]);
  }

  private static List<ListeningSocket> sockets(HandoverConnection wire, List<Path> readers)
      throws IOException, InterruptedException {
    List<ListeningSocket> taken = new ArrayList<>();
    try {
      wire.send(HandoverConnection.HandoverMessage.ASK, HandoverConnection.RELAYS_READERS);
      List<String> lines = wire.receive(HandoverConnection.HandoverMessage.LIST).lines().toList();
      for (String line : lines) {
        if (line.startsWith(HandoverConnection.READERS)) {
          readers.add(Path.of(line.substring(HandoverConnection.READERS.length())));
        }
      }
      List<InetSocketAddress> addresses =
          SocketAddressText.parse(
              lines.stream()
                  .filter(line -> !line.startsWith(HandoverConnection.READERS))
                  .collect(Collectors.joining("\n")));
      wire.expectDescriptors(true);
      wire.send(HandoverConnection.HandoverMessage.SEND, "");
      for (InetSocketAddress address : addresses) {
        taken.add(new ListeningSocket(address, wire.receiveDescriptor()));
      }
      wire.expectDescriptors(false);
      return List.copyOf(taken);
    } catch (HandoverException e) {
      taken.forEach(ListeningSocket::close);
      throw e;
    }
  }

  private static void end(EventLoopGroup thread) {
    thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
