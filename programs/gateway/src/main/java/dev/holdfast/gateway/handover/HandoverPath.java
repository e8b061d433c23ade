package dev.holdfast.gateway.handover;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The Unix sockets of a handover, their paths and peers: only the user of this process, or root,
 * may use one.
 */
final class HandoverPath {
  @Limit(of = "bytes of the path of --handover", then = "a longer one is refused")
  static final int MAX_PATH_BYTES = 107;

  private static final int ROOT = 0;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private HandoverPath() {}

  /**
   * Requires that no other user can create files in the socket's folder. A missing folder is
   * created with rwx------.
   *
   * @throws HandoverException when another user can, or when the path is not a socket
   */
  static void check(Path path) throws IOException {
    int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_PATH_BYTES) {
      throw refused(path, bytes + " bytes (expected: at most " + MAX_PATH_BYTES + ")");
    }
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null) {
      throw refused(path, "no file (expected: a socket in a folder of its own)");
    }
    if (!Files.exists(folder)) {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    }
    PosixFileAttributes attributes = Files.readAttributes(folder, PosixFileAttributes.class);
    int owner = (Integer) Files.getAttribute(folder, "unix:uid");
    Optional<String> untrusted = untrustedFolder(owner, ownUid(), attributes.permissions());
    if (untrusted.isPresent()) {
      throw refused(path, "its folder " + untrusted.get());
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && !Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isOther()) {
      throw refused(path, "no socket (expected: nothing, or the socket of a gateway)");
    }
  }

  /**
   * The problem with a folder's owner or permissions; empty when only this user and root can write.
   */
  static Optional<String> untrustedFolder(
      int owner, int own, Set<PosixFilePermission> permissions) {
    if (owner != own && owner != ROOT) {
      return Optional.of("belongs to uid " + owner + " (expected: " + own + ")");
    }
    return permissions.contains(PosixFilePermission.GROUP_WRITE)
            || permissions.contains(PosixFilePermission.OTHERS_WRITE)
        ? Optional.of(
            "may be written by others: "
                + PosixFilePermissions.toString(permissions)
                + " (expected: rwx------, or rwxr-xr-x)")
        : Optional.empty();
  }

  /** The reason to refuse a peer by its uid; empty when it is this user or root. */
  static Optional<String> untrustedPeer(int uid, int own) {
    return uid == own || uid == ROOT
        ? Optional.empty()
        : Optional.of("a process of uid " + uid + " (expected: " + own + ")");
  }

  /** The uid of this process. */
  static int ownUid() throws IOException {
    return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  /**
   * Binds a socket with the permissions rw-------. A stale socket file is replaced.
   *
   * @param thread of the socket; ended when it can't be bound
   * @param peers takes each connection
   */
  static Channel bind(
      Path path, EventLoopGroup thread, ChannelInitializer<EpollDomainSocketChannel> peers)
      throws IOException {
    Files.deleteIfExists(path);
    ChannelFuture bound =
        new ServerBootstrap()
            .group(thread)
            .channel(EpollServerDomainSocketChannel.class)
            .childHandler(peers)
            .bind(new DomainSocketAddress(path.toFile()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      thread.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
      throw new IOException("handover: " + path + " (" + IoErrorText.of(bound.cause()) + ")");
    }
    Files.setPosixFilePermissions(path, OWNER_ONLY);
    return bound.channel();
  }

  private static HandoverException refused(Path path, String why) {
    return HandoverException.of("handover: " + path + ": " + why);
  }
}
