package dev.holdfast.lab.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A name server for tests, on one port of the loopback address over UDP and TCP, with fault
 * injection.
 *
 * <p>Answers come from the server's {@link DnsZone}, and queries are recorded. Everything is
 * deterministic: faults begin with the next query and end after a number of queries or when healed.
 * An answer that is longer than the client accepts over UDP is truncated, as RFC 1035 and 6891
 * require. Thread-safe.
 */
public final class DnsServer implements AutoCloseable {
  /** The number of queries that are recorded; older ones are discarded. */
  public static final int REMEMBERED_QUERIES = 10_000;

  private static final Logger log = LoggerFactory.getLogger(DnsServer.class);
  private static final int BIND_ATTEMPTS = 100;
  private static final Duration BIND_PAUSE = Duration.ofMillis(50);
  private static final int LARGEST_MESSAGE_BYTES = 65_535;
  private static final String EVERY_NAME = "*";

  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ChannelGroup channels = new DefaultChannelGroup(loop.next());
  private final DnsZone zone = new DnsZone();
  private final InetSocketAddress address;
  private final Object lock = new Object();
  private final Deque<DnsQuery> queries = new ArrayDeque<>();
  private final Map<String, DnsFault> faults = new HashMap<>();

  private DnsServer(int port) {
    address = bind(port);
  }

  /** Starts a server on a free port. */
  public static DnsServer start() {
    return new DnsServer(0);
  }

  /** Starts a server on a given port, such as that of one that was closed. */
  public static DnsServer startAt(int port) {
    return new DnsServer(port);
  }

  /** Where it listens, over UDP and TCP. */
  public InetSocketAddress address() {
    return address;
  }

  /** {@code 127.0.0.1:port}, as it stands in URIs. */
  public String authority() {
    return "127.0.0.1:" + address.getPort();
  }

  /** The zone that the server answers from. */
  public DnsZone zone() {
    return zone;
  }

  /** Answers every query wrongly from now on. */
  public void fail(DnsFault fault) {
    fail(EVERY_NAME, fault);
  }

  /** Answers queries for one name wrongly from now on; this goes before a fault for every name. */
  public void fail(String name, DnsFault fault) {
    put(DnsZone.canonical(name), fault);
  }

  /** Answers one question wrongly from now on; this goes before all other faults. */
  public void fail(String name, DnsType type, DnsFault fault) {
    put(question(DnsZone.canonical(name), type.code()), fault);
  }

  /** Removes all injected faults at once. */
  public void heal() {
    synchronized (lock) {
      faults.clear();
    }
  }

  /** The recorded queries, oldest first. */
  public List<DnsQuery> queries() {
    synchronized (lock) {
      return new ArrayList<>(queries);
    }
  }

  /** The number of recorded queries for a name and type. */
  public int queryCount(String name, DnsType type) {
    return (int) queries().stream().filter(q -> q.isFor(name, type)).count();
  }

  /** Stops the server; pending queries are never answered. */
  @Override
  public void close() {
    channels.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  private InetSocketAddress bind(int wantedPort) {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Throwable last = null;
    // UDP gets a free port; that the same one is free for TCP is likely, not certain. And a child
    // process that starts at the moment has what was closed still open until it becomes its
    // program.
    for (int attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
      if (attempt > 0) {
        LockSupport.parkNanos(BIND_PAUSE.toNanos());
      }
      ChannelFuture udp =
          new Bootstrap()
              .group(loop)
              .channel(NioDatagramChannel.class)
              .handler(new UdpHandler())
              .bind(loopback, wantedPort)
              .awaitUninterruptibly();
      if (!udp.isSuccess()) {
        last = udp.cause();
        continue;
      }
      InetSocketAddress bound = (InetSocketAddress) udp.channel().localAddress();
      ChannelFuture tcp =
          new ServerBootstrap()
              .group(loop)
              .channel(NioServerSocketChannel.class)
              .childHandler(new TcpInitializer())
              .bind(bound)
              .awaitUninterruptibly();
      if (tcp.isSuccess()) {
        channels.add(udp.channel());
        channels.add(tcp.channel());
        return bound;
      }
      last = tcp.cause();
      udp.channel().close().awaitUninterruptibly();
    }
    var unused = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    throw new IllegalStateException("can't listen on port " + wantedPort, last);
  }

  private final class UdpHandler extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
      InetSocketAddress sender = packet.sender();
      answer(
          ctx,
          packet.content(),
          false,
          bytes -> ctx.writeAndFlush(new DatagramPacket(bytes, sender)));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      log.debug("event=dns_query_unreadable", cause);
    }
  }

  private final class TcpInitializer extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel channel) {
      channels.add(channel);
      channel
          .pipeline()
          .addLast(
              new LengthFieldBasedFrameDecoder(LARGEST_MESSAGE_BYTES + 2, 0, 2, 0, 2),
              new LengthFieldPrepender(2),
              new SimpleChannelInboundHandler<ByteBuf>() {
                @Override
                protected void channelRead0(ChannelHandlerContext ctx, ByteBuf query) {
                  answer(ctx, query, true, ctx::writeAndFlush);
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                  log.debug("event=dns_connection_broken", cause);
                  var unused = ctx.close();
                }
              });
    }
  }

  private void answer(
      ChannelHandlerContext ctx,
      ByteBuf bytes,
      boolean tcp,
      Function<ByteBuf, ChannelFuture> send) {
    DnsWire.Query query = DnsWire.readQuery(bytes);
    DnsFault fault = note(query, tcp);
    DnsFault.DnsFaultKind dnsFaultKind =
        fault == null ? DnsFault.DnsFaultKind.NOTHING : fault.kind();
    long delayNanos = fault == null ? 0 : fault.delay().toNanos();
    Runnable reply =
        () -> {
          ByteBuf out = ctx.alloc().buffer();
          if (write(out, query, tcp, dnsFaultKind)) {
            var unused = send.apply(out);
          } else {
            out.release();
          }
        };
    if (delayNanos == 0) {
      reply.run();
    } else {
      var unused = ctx.executor().schedule(reply, delayNanos, TimeUnit.NANOSECONDS);
    }
  }

  private boolean write(
      ByteBuf out, DnsWire.Query query, boolean tcp, DnsFault.DnsFaultKind dnsFaultKind) {
    DnsZone.ZoneAnswer zoneAnswer = zone.answer(query.name(), query.typeCode());
    switch (dnsFaultKind) {
      case SILENCE -> {
        return false;
      }
      case SERVFAIL -> DnsWire.writeAnswer(out, query, DnsWire.SERVFAIL, zoneAnswer);
      case REFUSED -> DnsWire.writeAnswer(out, query, DnsWire.REFUSED, zoneAnswer);
      case NXDOMAIN -> DnsWire.writeAnswer(out, query, DnsWire.NXDOMAIN, zoneAnswer);
      case NODATA ->
          DnsWire.writeAnswer(
              out,
              query,
              DnsWire.NOERROR,
              new DnsZone.ZoneAnswer(true, List.of(), List.of(), zoneAnswer.negativeTtl()));
      case GARBAGE -> out.writeShort(query.id()).writeZero(3);
      case TRUNCATED -> writeFitting(out, query, tcp, true, zoneAnswer);
      case TRUNCATED_WITHOUT_TCP -> {
        if (tcp) {
          return false;
        }
        DnsWire.writeTruncated(out, query);
      }
      case NO_EDNS -> {
        if (query.edns()) {
          DnsWire.writeAnswer(out, query, DnsWire.FORMERR, zoneAnswer);
        } else {
          writeFitting(out, query, tcp, false, zoneAnswer);
        }
      }
      case NOTHING -> writeFitting(out, query, tcp, false, zoneAnswer);
    }
    return true;
  }

  private static void writeFitting(
      ByteBuf out,
      DnsWire.Query query,
      boolean tcp,
      boolean truncate,
      DnsZone.ZoneAnswer zoneAnswer) {
    int code = zoneAnswer.exists() ? DnsWire.NOERROR : DnsWire.NXDOMAIN;
    DnsWire.writeAnswer(out, query, code, zoneAnswer);
    if (!tcp && (truncate || out.readableBytes() > query.udpBytes())) {
      out.clear();
      DnsWire.writeTruncated(out, query);
    }
  }

  private void put(String concerned, DnsFault fault) {
    synchronized (lock) {
      faults.put(concerned, fault);
    }
  }

  private static String question(String name, int typeCode) {
    return name + " " + typeCode;
  }

  /** Records a query and returns the fault that applies to it, or null. */
  private @Nullable DnsFault note(DnsWire.Query query, boolean tcp) {
    synchronized (lock) {
      if (queries.size() == REMEMBERED_QUERIES) {
        queries.removeFirst();
      }
      queries.addLast(
          new DnsQuery(query.name(), query.typeCode(), tcp, query.edns(), System.nanoTime()));
      String concerned =
          Stream.of(question(query.name(), query.typeCode()), query.name())
              .filter(faults::containsKey)
              .findFirst()
              .orElse(EVERY_NAME);
      DnsFault fault = faults.get(concerned);
      if (fault != null && fault.queries() != DnsFault.UNTIL_HEALED) {
        if (fault.queries() == 1) {
          faults.remove(concerned);
        } else {
          faults.put(concerned, fault.forQueries(fault.queries() - 1));
        }
      }
      return fault;
    }
  }
}
