package dev.holdfast.registry.etcd;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Carries what the members of a cluster say to each other, and can cut one of them off.
 *
 * <p>Each member has a listener here, which is its advertised peer address. The connecting member
 * is read from the kernel's table of sockets (Linux only) and not from what is sent: members name
 * themselves in raft messages, but neither when they probe each other nor when they forward
 * keepalives to the leader, and a connection that began so carries votes later. The kernel takes
 * milliseconds for its table, so it is read when and while a member is cut off only. A new
 * connection from or to that member stays open without an answer until {@link #heal}, as on a path
 * that loses packets: one that is refused is tried again ten times a second. Thread-safe.
 */
final class PeerNetwork implements AutoCloseable {
  private static final int MAX_LINES = 256;
  private static final int BACKLOG = 64;
  private static final int NOBODY = -1;
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private final List<ServerSocket> serverSockets = new ArrayList<>();
  private final Set<Line> lines = new HashSet<>();
  private final List<Socket> unanswered = new ArrayList<>();
  private List<EtcdProcess> members = List.of();
  private int cutOff = NOBODY;

  PeerNetwork(int size) throws IOException {
    for (int i = 0; i < size; i++) {
      serverSockets.add(new ServerSocket(0, BACKLOG, LOOPBACK));
    }
  }

  /** The peer URL that a member is to advertise. */
  String url(int member) {
    return "http://127.0.0.1:" + serverSockets.get(member).getLocalPort();
  }

  /** Begins to carry. */
  void connect(List<EtcdProcess> all) {
    synchronized (this) {
      members = List.copyOf(all);
    }
    for (int i = 0; i < serverSockets.size(); i++) {
      int to = i;
      start("peer-listener-" + to, () -> serve(to));
    }
  }

  /** Ends all connections from and to a member and lets none through until {@link #heal}. */
  synchronized void cutOff(int member) throws IOException {
    cutOff = member;
    String table = table();
    for (Line line : List.copyOf(lines)) {
      if (line.to == member || !isFromAnother(line.near, table)) {
        end(line);
      }
    }
  }

  synchronized void heal() {
    cutOff = NOBODY;
    endUnanswered();
  }

  @Override
  public synchronized void close() {
    serverSockets.forEach(PeerNetwork::closeSocket);
    List.copyOf(lines).forEach(this::end);
    endUnanswered();
  }

  private synchronized void endUnanswered() {
    unanswered.forEach(PeerNetwork::closeSocket);
    unanswered.clear();
  }

  private void serve(int to) {
    ServerSocket serverSocket = serverSockets.get(to);
    while (!serverSocket.isClosed()) {
      Socket near;
      try {
        near = serverSocket.accept();
      } catch (IOException e) {
        // The network was closed.
        return;
      }
      try {
        admit(near, to);
      } catch (IOException e) {
        // The member is down, or the one who knocked has gone: as if the address did not answer.
        closeSocket(near);
      }
    }
  }

  private void admit(Socket near, int to) throws IOException {
    if (!isAllowed(near, to)) {
      refuse(near, to);
      return;
    }
    Line line = new Line(to, near, new Socket(LOOPBACK, members().get(to).ports().peer()));
    line.near.setTcpNoDelay(true);
    line.far.setTcpNoDelay(true);
    if (add(line)) {
      start("peer-line", () -> carry(line, line.near, line.far));
      start("peer-line", () -> carry(line, line.far, line.near));
    } else {
      end(line);
    }
  }

  /** Nothing is said to the member that is cut off; others may try again. */
  private synchronized void refuse(Socket near, int to) throws IOException {
    if (cutOff != NOBODY
        && (to == cutOff || isFrom(cutOff, near, table()))
        && !serverSockets.get(to).isClosed()
        && unanswered.size() < MAX_LINES) {
      unanswered.add(near);
    } else {
      closeSocket(near);
    }
  }

  private synchronized List<EtcdProcess> members() {
    return members;
  }

  private synchronized boolean isAllowed(Socket near, int to) throws IOException {
    return cutOff == NOBODY || (cutOff != to && isFromAnother(near, table()));
  }

  /** Asked again here, since a member may have been cut off while the line was made. */
  private synchronized boolean add(Line line) throws IOException {
    return isAllowed(line.near, line.to)
        && !serverSockets.get(line.to).isClosed()
        && lines.size() < MAX_LINES
        && lines.add(line);
  }

  private synchronized void end(Line line) {
    lines.remove(line);
    closeSocket(line.near);
    closeSocket(line.far);
  }

  private void carry(Line line, Socket in, Socket out) {
    try {
      in.getInputStream().transferTo(out.getOutputStream());
    } catch (IOException e) {
      // It was cut, or a member died: over for the other direction too.
      end(line);
      return;
    }
    end(line);
  }

  /** Whether the other end of a connection is a member that is alive and not cut off. */
  private boolean isFromAnother(Socket near, String table) throws IOException {
    for (int i = 0; i < members.size(); i++) {
      if (i != cutOff && isFrom(i, near, table)) {
        return true;
      }
    }
    return false;
  }

  private boolean isFrom(int index, Socket near, String table) throws IOException {
    EtcdProcess member = members.get(index);
    Path socket = Path.of("socket:[" + inode(near, table) + "]");
    return member.isAlive() && hasOpen(member.pid(), socket);
  }

  private static String table() throws IOException {
    return Files.readString(Path.of("/proc/net/tcp"), StandardCharsets.US_ASCII);
  }

  /** The number of the socket at the other end of a connection; empty if it is gone. */
  private static String inode(Socket near, String table) {
    String ends = String.format("0100007F:%04X 0100007F:%04X", near.getPort(), near.getLocalPort());
    return table
        .lines()
        .filter(row -> row.contains(ends))
        .map(row -> row.trim().split("\\s+", -1)[9])
        .findFirst()
        .orElse("");
  }

  private static boolean hasOpen(long pid, Path file) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path link : open.toList()) {
        if (isLinkTo(link, file)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isLinkTo(Path link, Path file) throws IOException {
    try {
      return Files.readSymbolicLink(link).equals(file);
    } catch (NoSuchFileException e) {
      // Closed since it was listed.
      return false;
    }
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeSocket(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One connection between two members, in two halves. */
  private static final class Line {
    private final int to;
    private final Socket near;
    private final Socket far;

    Line(int to, Socket near, Socket far) {
      this.to = to;
      this.near = near;
      this.far = far;
    }
  }
}
