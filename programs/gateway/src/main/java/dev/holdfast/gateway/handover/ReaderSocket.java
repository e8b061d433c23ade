package dev.holdfast.gateway.handover;

import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Unix socket at which the gateway that takes over asks this one for its resumable streams,
 * beside that of the handover.
 */
final class ReaderSocket implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ReaderSocket.class);

  private final EventLoopGroup thread =
      ClosingEventLoopGroup.of(
          1, new DefaultThreadFactory("holdfast-readers", true), EpollIoHandler.newFactory());
  private final Path path;
  private final Channel socket;
  private final int own;

  private ReaderSocket(Path path, ResumeSessions sessions) throws IOException {
    this.path = path;
    this.own = HandoverPath.ownUid();
    this.socket =
        HandoverPath.bind(
            path,
            thread,
            new ChannelInitializer<EpollDomainSocketChannel>() {
              @Override
              protected void initChannel(EpollDomainSocketChannel channel) throws IOException {
                accept(channel, sessions);
              }
            });
  }

  /**
   * Binds a socket beside that of the handover, whose name has the id of this process.
   *
   * @throws IOException when it can't be bound
   */
  static ReaderSocket beside(Path handover, ResumeSessions sessions) throws IOException {
    Path path =
        handover.resolveSibling(handover.getFileName() + "." + ProcessHandle.current().pid());
    HandoverPath.check(path);
    return new ReaderSocket(path, sessions);
  }

  Path path() {
    return path;
  }

  private void accept(EpollDomainSocketChannel channel, ResumeSessions sessions)
      throws IOException {
    Optional<String> untrusted = HandoverPath.untrustedPeer(channel.peerCredentials().uid(), own);
    if (untrusted.isPresent()) {
      log.warn("event=resume_relay_refused reason=\"{}\"", untrusted.get());
      var unused = channel.close();
      return;
    }
    sessions.acceptReader(channel);
  }

  /** Closes the socket, and the connections of readers with it. */
  @Override
  public void close() {
    socket.close().awaitUninterruptibly();
    thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      log.warn("event=resume_relay_left socket={} reason=\"{}\"", path, e.getMessage());
    }
  }
}
