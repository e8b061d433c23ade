package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.lab.process.ParentLine;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A child process with the minimal proxy on the gateway's transport, for the calls of {@link
 * GatewayWork}. The proxy moves frames between connections and changes stream ids. Headers are
 * canned, and there are no windows, limits, deadlines, routes, meters or checks. Its cost is that
 * of reading and writing: no gateway on Netty's epoll can cost less.
 */
@SuppressWarnings("FutureReturnValueIgnored")
public final class MinimalProxy {
  private static final int THREADS = 2;
  private static final int HEAD_BYTES = 9;
  private static final int TYPE_OFFSET = 3;
  private static final int FLAGS_OFFSET = 4;
  private static final int STREAM_OFFSET = 5;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int WINDOW_UPDATE = 8;
  private static final int END_STREAM = 1;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int WIDE = 0x7fff_0000;
  private static final int LEAST_BYTES = 256;
  private static final int MOST_BYTES = 16_384;
  private static final byte STATUS_200 = (byte) 0x88;
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] REQUEST =
      block(
          Unpooled.buffer(),
          ":method POST",
          ":scheme http",
          ":path " + GatewayWork.PATH,
          ":authority 127.0.0.1",
          "te trailers",
          "content-type application/grpc");
  private static final byte[] RESPONSE =
      block(Unpooled.buffer().writeByte(STATUS_200), "content-type application/grpc");
  private static final byte[] TRAILERS = block(Unpooled.buffer(), "grpc-status 0");

  private MinimalProxy() {}

  /** The program: {@code PORT UPSTREAM}; ends with its standard input. */
  public static void main(String[] args) throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    var group = new MultiThreadIoEventLoopGroup(THREADS, EpollIoHandler.newFactory());
    IdentityHashMap<EventLoop, Upstream> upstreams = new IdentityHashMap<>();
    for (int i = 0; i < THREADS; i++) {
      EventLoop loop = group.next();
      Upstream upstream = new Upstream(new Flushes(loop));
      upstreams.put(loop, upstream);
      new Bootstrap()
          .group(loop)
          .channel(EpollSocketChannel.class)
          .option(ChannelOption.TCP_NODELAY, true)
          .handler(upstream)
          .connect(here, Integer.parseInt(args[1]))
          .sync();
    }
    new ServerBootstrap()
        .group(group)
        .channel(EpollServerSocketChannel.class)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                Upstream upstream = upstreams.get(channel.eventLoop());
                if (upstream != null) {
                  channel.pipeline().addLast(new Client(upstream));
                }
              }
            })
        .bind(here, Integer.parseInt(args[0]))
        .sync();
    while (!new ParentLine().next().isEmpty()) {
      // Nothing is asked of it but to be there.
    }
    System.exit(0);
  }

  /** Literals that leave HPACK's table alone. */
  private static byte[] block(ByteBuf out, String... headers) {
    for (String header : headers) {
      String[] parts = header.split(" ", 2);
      out.writeByte(0);
      for (String part : parts) {
        out.writeByte(part.length()).writeCharSequence(part, StandardCharsets.US_ASCII);
      }
    }
    return ByteBufUtil.getBytes(out);
  }

  /** The connections of a loop that have something to send. */
  private static final class Flushes implements Runnable {
    private final EventLoop loop;
    private final List<Connection> wanting = new ArrayList<>();

    Flushes(EventLoop loop) {
      this.loop = loop;
    }

    void add(Connection connection) {
      if (wanting.isEmpty()) {
        loop.execute(this);
      }
      wanting.add(connection);
    }

    @Override
    public void run() {
      for (int i = 0; i < wanting.size(); i++) {
        wanting.get(i).send();
      }
      wanting.clear();
    }
  }

  /** The part that both sides of the proxy share: reading and writing frames. */
  private abstract static class Connection extends ChannelInboundHandlerAdapter {
    final Flushes flushes;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf rest;
    private @Nullable ByteBuf out;
    private int usualBytes = LEAST_BYTES;

    Connection(Flushes flushes) {
      this.flushes = flushes;
    }

    /** A frame came; its payload stands at the given index. */
    abstract void onFrame(int type, int flags, int stream, ByteBuf in, int at, int length);

    /** The number of preface bytes that precede the peer's first frame. */
    int prefaceBytes() {
      return 0;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      context = ctx;
      hello();
      head(SETTINGS, 0, 0, Short.BYTES + Integer.BYTES).writeShort(INITIAL_WINDOW_SIZE);
      open().writeInt(WIDE);
      head(WINDOW_UPDATE, 0, 0, Integer.BYTES).writeInt(WIDE);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf in = (ByteBuf) message;
      ByteBuf before = rest;
      if (before != null) {
        rest = null;
        before.writeBytes(in);
        in.release();
        in = before;
      }
      int at = in.readerIndex();
      int end = in.writerIndex();
      if (end - at < prefaceBytes()) {
        rest = ctx.alloc().directBuffer(MOST_BYTES).writeBytes(in, at, end - at);
        in.release();
        return;
      }
      at += prefaceBytes();
      begun();
      while (end - at >= HEAD_BYTES && end - at >= HEAD_BYTES + in.getUnsignedMedium(at)) {
        int length = in.getUnsignedMedium(at);
        int flags = in.getByte(at + FLAGS_OFFSET);
        take(in.getByte(at + TYPE_OFFSET), flags, in.getInt(at + STREAM_OFFSET), in, at, length);
        at += HEAD_BYTES + length;
      }
      if (at < end) {
        rest = ctx.alloc().directBuffer(MOST_BYTES).writeBytes(in, at, end - at);
      }
      in.release();
    }

    /** Says what goes before the first frame. */
    void hello() {}

    /**
     * Called on every read before the frames are processed; the preface of the peer is complete by
     * then.
     */
    void begun() {}

    private void take(int type, int flags, int stream, ByteBuf in, int at, int length) {
      if (stream != 0) {
        onFrame(type, flags, stream, in, at + HEAD_BYTES, length);
      } else if ((type == SETTINGS || type == PING) && (flags & ACK) == 0) {
        int copied = type == PING ? length : 0;
        head(type, ACK, 0, copied).writeBytes(in, at + HEAD_BYTES, copied);
      }
    }

    /** A frame, of which the payload must follow. */
    final ByteBuf head(int type, int flags, int stream, int length) {
      ByteBuf open = open();
      open.ensureWritable(HEAD_BYTES + length);
      return open.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
    }

    final ByteBuf open() {
      ByteBuf open = out;
      if (open == null) {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
          throw new IllegalStateException("not connected yet");
        }
        open = ctx.alloc().directBuffer(usualBytes);
        out = open;
        flushes.add(this);
      }
      return open;
    }

    private void send() {
      ByteBuf full = out;
      ChannelHandlerContext ctx = context;
      out = null;
      if (full != null && ctx != null) {
        usualBytes = Math.max(LEAST_BYTES, Math.min(MOST_BYTES, full.readableBytes()));
        ctx.writeAndFlush(full, ctx.voidPromise());
      }
    }
  }

  private static final class Client extends Connection {
    private final Upstream upstream;
    private final Map<Integer, Integer> streams = new HashMap<>();
    private boolean begun;

    Client(Upstream upstream) {
      super(upstream.flushes);
      this.upstream = upstream;
    }

    @Override
    int prefaceBytes() {
      return begun ? 0 : PREFACE.length;
    }

    @Override
    void begun() {
      begun = true;
    }

    @Override
    void onFrame(int type, int flags, int stream, ByteBuf in, int at, int length) {
      if (type == HEADERS) {
        streams.put(stream, upstream.call(this, stream, flags & END_STREAM));
      } else if (type == DATA) {
        int theirs = streams.getOrDefault(stream, 0);
        upstream.head(DATA, flags & END_STREAM, theirs, length).writeBytes(in, at, length);
        if ((flags & END_STREAM) != 0) {
          streams.remove(stream);
        }
      }
    }
  }

  private static final class Upstream extends Connection {
    private final Map<Integer, Call> calls = new HashMap<>();
    private int next = 1;

    private record Call(Client client, int stream) {}

    Upstream(Flushes flushes) {
      super(flushes);
    }

    @Override
    void hello() {
      open().writeBytes(PREFACE);
    }

    int call(Client client, int stream, int end) {
      int id = next;
      next += 2;
      calls.put(id, new Call(client, stream));
      head(HEADERS, END_HEADERS | end, id, REQUEST.length).writeBytes(REQUEST);
      return id;
    }

    @Override
    void onFrame(int type, int flags, int stream, ByteBuf in, int at, int length) {
      boolean end = (flags & END_STREAM) != 0;
      Call call = type == HEADERS && end ? calls.remove(stream) : calls.get(stream);
      if (call == null) {
        return;
      }
      if (type == HEADERS) {
        byte[] block = end ? TRAILERS : RESPONSE;
        call.client
            .head(HEADERS, END_HEADERS | (flags & END_STREAM), call.stream, block.length)
            .writeBytes(block);
      } else if (type == DATA) {
        call.client.head(DATA, flags & END_STREAM, call.stream, length).writeBytes(in, at, length);
      }
    }
  }
}
