package dev.holdfast.gateway;

import dev.holdfast.gateway.edge.L4Refusals;
import dev.holdfast.gateway.edge.ProxyRefusals;
import dev.holdfast.gateway.http2.ForwardingLoop;
import dev.holdfast.gateway.http2.GatewayBuffers;
import dev.holdfast.gateway.http2.WebFace;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listening sockets of a gateway, which hand each accepted connection to its event loop.
 * Thread-safe.
 */
final class Doors {
  private static final Logger log = LoggerFactory.getLogger(Doors.class);

  private final EventLoopGroup threads;
  private final IdentityHashMap<EventExecutor, ForwardingLoop> loops;
  private final @Nullable WebFace face;
  private final Entrance.Refusals refusals =
      new Entrance.Refusals(new ProxyRefusals(), new L4Refusals());
  private final ClientConnections connections = new ClientConnections();
  private final List<ListeningSocket> inherited;
  private List<Door> open = List.of();
  private boolean closed;

  /**
   * Creates the listeners without a socket; {@link #use} opens the first ones.
   *
   * @param inherited listening sockets of another process; the first {@link #use} takes those whose
   *     address it wants and closes the rest
   */
  Doors(
      EventLoopGroup threads,
      IdentityHashMap<EventExecutor, ForwardingLoop> loops,
      @Nullable WebFace face,
      List<ListeningSocket> inherited) {
    this.inherited = new ArrayList<>(inherited);
    this.threads = threads;
    this.loops = loops;
    this.face = face;
  }

  /** The bound addresses of the open listeners, in the order of the listeners. */
  synchronized List<InetSocketAddress> addresses() {
    return open.stream().map(Door::address).toList();
  }

  /**
   * Opens new listeners, closes those that are gone, and leaves the rest untouched.
   *
   * @param ready runs once all new sockets are bound, before any of them accepts and before kept
   *     listeners change their options. Old sockets close after it, except those in the way of a
   *     new one. If it throws, nothing has changed
   * @throws IOException when an address cannot be bound; then nothing has changed
   */
  synchronized void use(List<Listener> wanted, Runnable ready) throws IOException {
    if (closed) {
      ready.run();
      return;
    }
    List<Door> gone = new ArrayList<>(open);
    List<@Nullable Door> kept = new ArrayList<>();
    for (Listener listener : wanted) {
      Door same = same(gone, listener);
      kept.add(same);
      gone.remove(same);
    }
    List<Door> inTheWay =
        gone.stream().filter(door -> wanted.stream().anyMatch(door.listener::overlaps)).toList();
    inTheWay.forEach(Door::close);
    List<Door> next = new ArrayList<>();
    List<Door> fresh = new ArrayList<>();
    boolean done = false;
    try {
      for (int i = 0; i < wanted.size(); i++) {
        Door door = kept.get(i);
        if (door == null) {
          door = new Door(wanted.get(i));
          fresh.add(door);
          door.open();
        }
        next.add(door);
      }
      ready.run();
      done = true;
    } finally {
      if (!done) {
        fresh.forEach(Door::close);
        inTheWay.forEach(Doors::openAgain);
      }
    }
    for (int i = 0; i < next.size(); i++) {
      next.get(i).listener = wanted.get(i);
    }
    fresh.forEach(Door::accept);
    gone.forEach(Door::close);
    open = next;
    inherited.forEach(ListeningSocket::close);
    inherited.clear();
  }

  /**
   * Shows the sockets, none of which is closed meanwhile.
   *
   * @throws IOException of the taker
   */
  synchronized void lend(Gateway.SocketTaker taker) throws IOException {
    List<ListeningSocket> sockets = new ArrayList<>();
    for (Door door : open) {
      if (!closed && door.socket instanceof EpollServerSocketChannel socket) {
        // As it was asked for, so that another process with the same wish finds it.
        InetAddress host = door.listener.address().getAddress();
        InetSocketAddress address = new InetSocketAddress(host, door.address().getPort());
        sockets.add(new ListeningSocket(address, socket.fd()));
      }
    }
    taker.take(sockets);
  }

  private @Nullable ListeningSocket inherited(InetSocketAddress address) {
    for (ListeningSocket socket : inherited) {
      if (socket.address().equals(address)) {
        inherited.remove(socket);
        return socket;
      }
    }
    return null;
  }

  /** Closes all listening sockets; no further connection is accepted. */
  synchronized void close() {
    closed = true;
    open.forEach(Door::close);
  }

  private static @Nullable Door same(List<Door> doors, Listener listener) {
    return doors.stream()
        .filter(door -> door.listener.address().equals(listener.address()))
        .findFirst()
        .orElse(null);
  }

  private static void openAgain(Door door) {
    try {
      door.open();
      door.accept();
    } catch (IOException e) {
      log.error("event=listener_lost cause=\"{}\"", e.getMessage());
    }
  }

  /**
   * A listening socket. Initializes each accepted connection on the connection's own event loop.
   */
  private final class Door extends ChannelInitializer<Channel> {
    private volatile Listener listener;
    private @Nullable Channel socket;
    private @Nullable InetSocketAddress address;

    Door(Listener listener) {
      this.listener = listener;
    }

    @Override
    public boolean isSharable() {
      return true;
    }

    /** Binds the socket; clients that connect wait in the backlog until {@link #accept}. */
    void open() throws IOException {
      ChannelFuture bound = socket(new ServerBootstrap()).awaitUninterruptibly();
      if (!bound.isSuccess()) {
        throw new IOException(
            "listen: "
                + NetUtil.toSocketAddressString(listener.address())
                + ": "
                + bound.cause().getMessage()
                + " (expected: an address of this machine at which nobody listens)",
            bound.cause());
      }
      socket = bound.channel();
      address = (InetSocketAddress) bound.channel().localAddress();
    }

    void accept() {
      Channel known = socket;
      if (known != null) {
        known.config().setAutoRead(true);
      }
    }

    private ChannelFuture socket(ServerBootstrap bootstrap) {
      bootstrap
          .group(threads)
          .option(ChannelOption.AUTO_READ, false)
          .childOption(ChannelOption.TCP_NODELAY, true)
          .childOption(ChannelOption.RECVBUF_ALLOCATOR, ForwardingLoop.readsOfTurn())
          .childOption(ChannelOption.ALLOCATOR, GatewayBuffers.ALLOCATOR)
          .childHandler(this);
      ListeningSocket known = inherited(listener.address());
      if (known != null) {
        // It listens already.
        return bootstrap.channelFactory(known::channel).register();
      }
      return bootstrap
          .channel(
              Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
          .option(ChannelOption.SO_REUSEADDR, true)
          .bind(listener.address());
    }

    void close() {
      Channel known = socket;
      if (known != null) {
        known.close().awaitUninterruptibly();
      }
    }

    /**
     * The bound address, also after the socket was closed; the requested one before it was bound.
     */
    InetSocketAddress address() {
      return address == null ? listener.address() : address;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ForwardingLoop loop = loops.get(ctx.channel().eventLoop());
      if (loop != null) {
        loop.meters().faults().onClosed(cause);
      }
      var unused = ctx.close();
    }

    @Override
    protected void initChannel(Channel channel) {
      ForwardingLoop loop = loops.get(channel.eventLoop());
      if (loop != null && connections.admit(channel, loop)) {
        loop.arrives(channel);
        new Entrance(channel, listener, loop, face, refusals).open();
      }
    }
  }
}
