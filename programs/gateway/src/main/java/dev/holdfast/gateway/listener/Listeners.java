package dev.holdfast.gateway.listener;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.gateway.call.Frontend;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.socket.GatewayBuffers;
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
public final class Listeners {
  private static final Logger log = LoggerFactory.getLogger(Listeners.class);

  private final EventLoopGroup threads;
  private final IdentityHashMap<EventExecutor, ForwardingLoop> loops;
  private final @Nullable Frontend frontend;
  private final ConnectionSetup.ConnectionRefusals connectionRefusals =
      new ConnectionSetup.ConnectionRefusals(new ProxyRefusals(), new L4Refusals());
  private final ConnectionAdmission connections = new ConnectionAdmission();
  private final List<ListeningSocket> inherited;
  private List<BoundListener> open = List.of();
  private boolean closed;

  /**
   * Creates the listeners without a socket; {@link #use} opens the first ones.
   *
   * @param inherited listening sockets of another process; the first {@link #use} takes those whose
   *     address it wants and closes the rest
   */
  public Listeners(
      EventLoopGroup threads,
      IdentityHashMap<EventExecutor, ForwardingLoop> loops,
      @Nullable Frontend frontend,
      List<ListeningSocket> inherited) {
    this.inherited = new ArrayList<>(inherited);
    this.threads = threads;
    this.loops = loops;
    this.frontend = frontend;
  }

  /** The bound addresses of the open listeners, in the order of the listeners. */
  public synchronized List<InetSocketAddress> addresses() {
    return open.stream().map(BoundListener::address).toList();
  }

  /**
   * Opens new listeners, closes those that are gone, and leaves the rest untouched.
   *
   * @param ready runs once all new sockets are bound, before any of them accepts and before kept
   *     listeners change their options. Old sockets close after it, except those in the way of a
   *     new one. If it throws, nothing has changed
   * @throws IOException when an address cannot be bound; then nothing has changed
   */
  public synchronized void use(List<ListenerOptions> wanted, Runnable ready) throws IOException {
    if (closed) {
      ready.run();
      return;
    }
    List<BoundListener> gone = new ArrayList<>(open);
    List<@Nullable BoundListener> kept = new ArrayList<>();
    for (ListenerOptions listenerOptions : wanted) {
      BoundListener same = same(gone, listenerOptions);
      kept.add(same);
      gone.remove(same);
    }
    List<BoundListener> inTheWay =
        gone.stream()
            .filter(
                boundListener -> wanted.stream().anyMatch(boundListener.listenerOptions::overlaps))
            .toList();
    inTheWay.forEach(BoundListener::close);
    List<BoundListener> next = new ArrayList<>();
    List<BoundListener> fresh = new ArrayList<>();
    boolean done = false;
    try {
      for (int i = 0; i < wanted.size(); i++) {
        BoundListener boundListener = kept.get(i);
        if (boundListener == null) {
          boundListener = new BoundListener(wanted.get(i));
          fresh.add(boundListener);
          boundListener.open();
        }
        next.add(boundListener);
      }
      ready.run();
      done = true;
    } finally {
      if (!done) {
        fresh.forEach(BoundListener::close);
        inTheWay.forEach(Listeners::openAgain);
      }
    }
    for (int i = 0; i < next.size(); i++) {
      next.get(i).listenerOptions = wanted.get(i);
    }
    fresh.forEach(BoundListener::accept);
    gone.forEach(BoundListener::close);
    open = next;
    closeUnused();
  }

  /** A socket that a channel took is closed by that channel alone: its number is reused. */
  private void closeUnused() {
    inherited.forEach(ListeningSocket::close);
    inherited.clear();
  }

  /**
   * Shows the sockets, none of which is closed meanwhile.
   *
   * @throws IOException of the taker
   */
  public synchronized void lendListeningSockets(ListeningSocketReceiver taker) throws IOException {
    List<ListeningSocket> sockets = new ArrayList<>();
    for (BoundListener boundListener : open) {
      if (!closed && boundListener.socket instanceof EpollServerSocketChannel socket) {
        // As it was asked for, so that another process with the same wish finds it.
        InetAddress host = boundListener.listenerOptions.address().getAddress();
        InetSocketAddress address = new InetSocketAddress(host, boundListener.address().getPort());
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

  /** Closes all listening sockets, also inherited ones; no further connection is accepted. */
  public synchronized void close() {
    closed = true;
    open.forEach(BoundListener::close);
    closeUnused();
  }

  private static @Nullable BoundListener same(
      List<BoundListener> boundListeners, ListenerOptions listenerOptions) {
    return boundListeners.stream()
        .filter(
            boundListener ->
                boundListener.listenerOptions.address().equals(listenerOptions.address()))
        .findFirst()
        .orElse(null);
  }

  private static void openAgain(BoundListener boundListener) {
    try {
      boundListener.open();
      boundListener.accept();
    } catch (IOException e) {
      log.error("event=listener_lost cause=\"{}\"", e.getMessage());
    }
  }

  /**
   * A listening socket. Initializes each accepted connection on the connection's own event loop.
   */
  private final class BoundListener extends ChannelInitializer<Channel> {
    private volatile ListenerOptions listenerOptions;
    private @Nullable Channel socket;
    private @Nullable InetSocketAddress address;

    BoundListener(ListenerOptions listenerOptions) {
      this.listenerOptions = listenerOptions;
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
                + NetUtil.toSocketAddressString(listenerOptions.address())
                + ": "
                + IoErrorText.of(bound.cause())
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
          .childOption(ChannelOption.RECVBUF_ALLOCATOR, ForwardingLoop.limitedReads())
          .childOption(ChannelOption.ALLOCATOR, GatewayBuffers.ALLOCATOR)
          .childHandler(this);
      ListeningSocket known = inherited(listenerOptions.address());
      if (known != null) {
        // It listens already.
        return bootstrap.channelFactory(known::channel).register();
      }
      return bootstrap
          .channel(
              Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
          .option(ChannelOption.SO_REUSEADDR, true)
          .bind(listenerOptions.address());
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
      return address == null ? listenerOptions.address() : address;
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
        loop.onAccepted(channel);
        new ConnectionSetup(channel, listenerOptions, loop, frontend, connectionRefusals).open();
      }
    }
  }
}
