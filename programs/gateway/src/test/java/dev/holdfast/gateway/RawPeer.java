package dev.holdfast.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One end of a connection that sends the frames it is told to, and remembers those it receives. */
public final class RawPeer {
  private static final EventLoopGroup LOOP =
      new MultiThreadIoEventLoopGroup(
          4, new DefaultThreadFactory("raw-peer", true), NioIoHandler.newFactory());
  private static final long PATIENCE_SECONDS = 60;

  /** What came. */
  public record Frame(
      String type,
      int stream,
      @Nullable Http2Headers headers,
      ByteBuffer data,
      boolean end,
      long code) {
    String header(String name) {
      CharSequence value = headers == null ? null : headers.get(name);
      return value == null ? "" : value.toString();
    }

    String text() {
      return StandardCharsets.US_ASCII.decode(data.duplicate()).toString();
    }

    @Override
    public String toString() {
      return type + " " + stream + " " + headers + " " + data.remaining() + " " + end + " " + code;
    }
  }

  /** An upstream that says what a test wants. */
  record Upstream(Channel channel, BlockingQueue<RawPeer> peers) implements AutoCloseable {
    String address() {
      return "127.0.0.1:" + ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** The next connection that was accepted. */
    RawPeer accepted() throws InterruptedException {
      return Objects.requireNonNull(
          peers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS), "no connection");
    }

    @Override
    public void close() {
      channel.close().syncUninterruptibly();
    }
  }

  private final Http2ConnectionHandler handler;
  private final Channel channel;
  private final BlockingQueue<Frame> frames;

  private RawPeer(Http2ConnectionHandler handler, Channel channel, BlockingQueue<Frame> frames) {
    this.handler = handler;
    this.channel = channel;
    this.frames = frames;
  }

  /** A client of the gateway. */
  static RawPeer connect(InetSocketAddress address) {
    return connect(address, new byte[0]);
  }

  static RawPeer connect(InetSocketAddress address, Transport transport) {
    return connect(address, transport, new byte[0]);
  }

  /** As above; these bytes come before the preface. */
  static RawPeer connect(InetSocketAddress address, byte[] before) {
    return connect(address, Transport.PLAINTEXT, before);
  }

  private static RawPeer connect(InetSocketAddress address, Transport transport, byte[] before) {
    BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    Http2ConnectionHandler handler =
        handler(false, new Http2Settings().pushEnabled(false), 0, frames::add);
    Channel channel =
        new Bootstrap()
            .group(LOOP)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel opened) {
                    opened.pipeline().addLast(transport.handler("h2"), new First(before, handler));
                  }
                })
            .connect(address)
            .syncUninterruptibly()
            .channel();
    return new RawPeer(handler, channel, frames);
  }

  /** Says something before the preface, which is sent as soon as its handler is there. */
  private static final class First extends ChannelInboundHandlerAdapter {
    private final byte[] bytes;
    private final Http2ConnectionHandler next;

    First(byte[] bytes, Http2ConnectionHandler next) {
      this.bytes = bytes;
      this.next = next;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      var unused = ctx.writeAndFlush(Unpooled.wrappedBuffer(bytes));
      ctx.pipeline().addLast(next);
    }
  }

  /** Listens, with these settings for each connection. */
  static Upstream listen(Http2Settings settings) {
    return listen(settings, (peer, request) -> {});
  }

  /** As above; each request is also handed to this, on the loop of its connection. */
  static Upstream listen(Http2Settings settings, BiConsumer<RawPeer, Frame> answers) {
    return listen(settings, 0, answers);
  }

  /** As above; who resets more streams in 30 s is cut off, as servers on Netty do by default. */
  static Upstream listen(
      Http2Settings settings, int maxResets, BiConsumer<RawPeer, Frame> answers) {
    BlockingQueue<RawPeer> peers = new LinkedBlockingQueue<>();
    Channel channel =
        new ServerBootstrap()
            .group(LOOP)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
                    AtomicReference<RawPeer> self = new AtomicReference<>();
                    Http2ConnectionHandler handler =
                        handler(
                            true,
                            settings,
                            maxResets,
                            new Bystanders(
                                self,
                                frame -> {
                                  frames.add(frame);
                                  if (frame.type.equals("HEADERS")) {
                                    answers.accept(self.get(), frame);
                                  }
                                }));
                    self.set(new RawPeer(handler, accepted, frames));
                    accepted.pipeline().addLast(handler);
                    peers.add(self.get());
                  }
                })
            .bind("127.0.0.1", 0)
            .syncUninterruptibly()
            .channel();
    return new Upstream(channel, peers);
  }

  /** Headers of a call. */
  static Http2Headers call(String path) {
    return new DefaultHttp2Headers()
        .method("POST")
        .scheme("http")
        .authority("echo")
        .path(path)
        .add("content-type", "application/grpc")
        .add("te", "trailers");
  }

  /** The head of a gRPC answer. */
  static Http2Headers head() {
    return new DefaultHttp2Headers().status("200").add("content-type", "application/grpc");
  }

  /** The end of a gRPC answer. */
  static Http2Headers trailers(int status) {
    return new DefaultHttp2Headers().add("grpc-status", Integer.toString(status));
  }

  void headers(int stream, Http2Headers headers, boolean end) {
    onLoop(c -> handler.encoder().writeHeaders(c, stream, headers, 0, end, c.newPromise()));
  }

  void data(int stream, byte[] bytes, boolean end) {
    onLoop(
        c ->
            handler
                .encoder()
                .writeData(c, stream, Unpooled.wrappedBuffer(bytes), 0, end, c.newPromise()));
  }

  void reset(int stream, long code) {
    onLoop(c -> handler.resetStream(c, stream, code, c.newPromise()));
  }

  void goAway(int last, long code) {
    onLoop(c -> handler.goAway(c, last, code, Unpooled.EMPTY_BUFFER, c.newPromise()));
  }

  public void ping(long payload) {
    onLoop(c -> handler.encoder().writePing(c, false, payload, c.newPromise()));
  }

  /** Bytes past the codec, which are with the other side when this returns, if it has room. */
  void rawNow(byte[] bytes) {
    raw(bytes);
    awaitLoop();
  }

  /** As {@link #headers}; they are with the other side when this returns. */
  void headersNow(int stream, Http2Headers headers, boolean end) {
    headers(stream, headers, end);
    awaitLoop();
  }

  private void awaitLoop() {
    channel.eventLoop().submit(() -> {}).syncUninterruptibly();
  }

  /** Bytes past the codec. */
  void raw(byte[] bytes) {
    onLoop(c -> c.write(Unpooled.wrappedBuffer(bytes)));
  }

  void close() {
    channel.close().syncUninterruptibly();
  }

  /** How many streams are open as far as this end knows. */
  int openStreams() {
    AtomicInteger streams = new AtomicInteger();
    channel
        .eventLoop()
        .submit(() -> streams.set(handler.connection().numActiveStreams()))
        .syncUninterruptibly();
    return streams.get();
  }

  /** What may still be sent on a stream. */
  int windowOf(int stream) {
    AtomicInteger window = new AtomicInteger(-1);
    channel
        .eventLoop()
        .submit(
            () ->
                window.set(
                    handler
                        .connection()
                        .remote()
                        .flowController()
                        .windowSize(handler.connection().stream(stream))))
        .syncUninterruptibly();
    return window.get();
  }

  /** Takes more on a stream than its settings say. */
  void openWindow(int stream, int bytes) {
    onLoop(
        c -> {
          try {
            Http2Stream known = handler.connection().stream(stream);
            handler.connection().local().flowController().incrementWindowSize(known, bytes);
          } catch (Http2Exception e) {
            throw new IllegalStateException(e);
          }
          return c.newSucceededFuture();
        });
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /** The next frame of one of these types; others before it are dropped. */
  public Frame next(String... types) throws InterruptedException {
    List<Frame> dropped = new ArrayList<>();
    while (true) {
      Frame frame =
          Objects.requireNonNull(
              frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS),
              () ->
                  "nothing of %s on %s, only %s"
                      .formatted(String.join(", ", types), channel, dropped));
      for (String type : types) {
        if (frame.type.equals(type)) {
          return frame;
        }
      }
      dropped.add(frame);
    }
  }

  private void onLoop(Function<ChannelHandlerContext, ChannelFuture> task) {
    channel
        .eventLoop()
        .execute(
            () -> {
              ChannelHandlerContext context = channel.pipeline().context(handler);
              if (context == null) {
                // It is closed.
                return;
              }
              var unused = task.apply(context);
              handler.flush(context);
            });
  }

  private static Http2ConnectionHandler handler(
      boolean server, Http2Settings settings, int maxResets, Consumer<Frame> frames) {
    // Without the checks that would keep it from misbehaving.
    return new Http2ConnectionHandlerBuilder()
        .server(server)
        .initialSettings(settings)
        .validateHeaders(false)
        .encoderIgnoreMaxHeaderListSize(true)
        .decoderEnforceMaxRstFramesPerWindow(maxResets, 30)
        .gracefulShutdownTimeoutMillis(0)
        .frameListener(new Recorder(frames))
        .build();
  }

  /** Answers calls of a {@link BackgroundCaller} and hands on all others. */
  private record Bystanders(
      AtomicReference<RawPeer> self, Consumer<Frame> others, Set<Integer> open)
      implements Consumer<Frame> {
    private static final int WINDOW_BYTES = 1_024;

    Bystanders(AtomicReference<RawPeer> self, Consumer<Frame> others) {
      this(self, others, ConcurrentHashMap.newKeySet());
    }

    @Override
    public void accept(Frame frame) {
      RawPeer peer = Objects.requireNonNull(self.get());
      int id = frame.stream;
      if (!frame.header(BackgroundCaller.MARK).isEmpty()) {
        open.add(id);
        peer.openWindow(id, WINDOW_BYTES);
      }
      if (!open.contains(id)) {
        others.accept(frame);
      } else if (frame.end) {
        open.remove(id);
        if (frame.type.equals("DATA")) {
          peer.headers(id, head(), false);
          peer.data(id, new byte[] {0, 0, 0, 0, 1, 1}, false);
          peer.headers(id, trailers(0), true);
        }
      }
    }
  }

  private static final class Recorder extends Http2EventAdapter {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Consumer<Frame> frames;

    Recorder(Consumer<Frame> frames) {
      this.frames = frames;
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      frames.accept(new Frame("HEADERS", id, headers, NOTHING, end, 0));
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx,
        int id,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean end) {
      onHeadersRead(ctx, id, headers, padding, end);
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      byte[] bytes = new byte[data.readableBytes()];
      data.getBytes(data.readerIndex(), bytes);
      frames.accept(new Frame("DATA", id, null, ByteBuffer.wrap(bytes), end, 0));
      return bytes.length + padding;
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
      frames.accept(new Frame("RST_STREAM", id, null, NOTHING, true, code));
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf debug) {
      byte[] bytes = new byte[debug.readableBytes()];
      debug.getBytes(debug.readerIndex(), bytes);
      frames.accept(new Frame("GOAWAY", last, null, ByteBuffer.wrap(bytes), true, code));
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long payload) {
      frames.accept(new Frame("PONG", 0, null, NOTHING, false, payload));
    }

    @Override
    public void onPingRead(ChannelHandlerContext ctx, long payload) {
      frames.accept(new Frame("PING", 0, null, NOTHING, false, payload));
    }
  }
}
