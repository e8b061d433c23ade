package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessHandler;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Connections over real sockets, with and without Netty's pipeline in between. */
class DirectSocketTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int FRAMES = 3_000;
  private static final int FRAME_BYTES = 1_000;
  private static final int FEW_BYTES = 16_384;

  private final IoEventLoopGroup threads =
      ClosingEventLoopGroup.of(
          1, new DefaultThreadFactory("direct", true), GatewayEpollIoHandler.newFactory());
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
  private volatile boolean bystander;
  private final AtomicInteger past = new AtomicInteger();
  private final AtomicInteger through = new AtomicInteger();
  private final AtomicInteger writtenPast = new AtomicInteger();
  private final List<ByteBuf> kept = new CopyOnWriteArrayList<>();
  private volatile @Nullable FrameConnection connection;
  private Channel server;
  private Socket client;

  @BeforeEach
  void serve() throws Exception {
    LoopResources loopResources =
        new LoopResources(
            threads.next(),
            new GatewayMeters(meters),
            GatewayMemory.ofProcess().part(Runnable::run));
    server =
        new ServerBootstrap()
            .group(threads)
            .channel(EpollServerSocketChannel.class)
            .childOption(ChannelOption.SO_SNDBUF, FEW_BYTES)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    prepare(channel, loopResources);
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sync()
            .channel();
    client = new Socket();
    client.setReceiveBufferSize(FEW_BYTES);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    threads.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    kept.forEach(ByteBuf::release);
  }

  private void prepare(Channel channel, LoopResources loopResources) {
    if (bystander) {
      channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
    }
    GatewayLimits limits = GatewayLimits.DEFAULT;
    FrameConnection accepted =
        new FrameConnection(OwnCodec.ofServer(limits), loopResources, limits.connectionBytes()) {};
    accepted.listen(new Server());
    channel
        .pipeline()
        .addLast(
            new LivenessHandler(
                LivenessOptions.DEFAULT,
                ctx -> ConnectionObserver.NONE,
                LivenessMeters.on(meters, ConnectionRole.SERVER),
                ConnectionRole.SERVER))
        .addLast(accepted);
    connection = accepted;
  }

  /** Takes notes of what comes, and by which way. */
  private final class Server extends CallFrameListener {
    @Override
    public void onHeadersRead(
        ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean end) {
      note();
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean end) {
      note();
      kept.add(data.retainedSlice());
      byte[] bytes = new byte[data.readableBytes()];
      data.readBytes(bytes);
      heard.writeBytes(bytes);
      return bytes.length + padding;
    }

    @Override
    public void onStreamClosed(CallStream stream) {}

    private void note() {
      if (isIn(DirectSocket.class)) {
        past.incrementAndGet();
      } else {
        through.incrementAndGet();
      }
    }
  }

  private static boolean isIn(Class<?> type) {
    Predicate<StackTraceElement> there = frame -> frame.getClassName().equals(type.getName());
    return Arrays.stream(Thread.currentThread().getStackTrace()).anyMatch(there);
  }

  /** Says hello with windows that never end, and waits until that has been read. */
  private void connect() throws Exception {
    client.connect(server.localAddress());
    ByteBuf hello = Http2CodecUtil.connectionPrefaceBuf();
    // SETTINGS with an INITIAL_WINDOW_SIZE, WINDOW_UPDATE of the connection.
    hello = Unpooled.buffer().writeBytes(hello).writeMedium(6).writeByte(4).writeByte(0);
    hello.writeInt(0).writeShort(4).writeInt(Integer.MAX_VALUE / 2);
    hello.writeMedium(4).writeByte(8).writeByte(0).writeInt(0).writeInt(Integer.MAX_VALUE / 2);
    send(hello);
    await()
        .atMost(LIMIT)
        .until(() -> connection != null && connection().decoder().prefaceReceived());
  }

  private FrameConnection connection() {
    return Objects.requireNonNull(connection);
  }

  private FrameStream stream() {
    return (FrameStream) Objects.requireNonNull(connection().stream(1));
  }

  private void send(ByteBuf bytes) throws IOException {
    bytes.readBytes(client.getOutputStream(), bytes.readableBytes());
    bytes.release();
  }

  private static ByteBuf request() throws Http2Exception {
    return new RandomFrames(new Random(1)).request(1);
  }

  private static void data(ByteBuf to, byte[] bytes) {
    to.writeMedium(bytes.length).writeByte(0).writeByte(0).writeInt(1).writeBytes(bytes);
  }

  private void awaitHeard(int bytes) {
    await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> heard.size() == bytes);
  }

  /** Each in a turn of its own, unless they come faster than they are read. */
  private void sendSmall(int frames) throws IOException {
    for (int i = 1; i <= frames; i++) {
      ByteBuf frame = Unpooled.buffer();
      data(frame, new byte[10]);
      send(frame);
      awaitHeard(10 * i);
    }
  }

  @Test
  void smallReadsOfPlainConnectionsGoPastThePipeline() throws Exception {
    connect();
    send(request());
    sendSmall(20);
    assertThat(past.get()).isGreaterThanOrEqualTo(15);
  }

  @Test
  void whereAnotherHandlerLooksOnAllGoesThroughThePipeline() throws Exception {
    bystander = true;
    connect();
    send(request());
    sendSmall(20);
    assertThat(past.get()).isZero();
    assertThat(through.get()).isEqualTo(21);
  }

  @Test
  void whateverComesAtOnceComesInOrder() throws Exception {
    connect();
    Random random = new Random(1);
    ByteBuf all = Unpooled.buffer().writeBytes(request());
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    for (int i = 0; i < 200; i++) {
      byte[] bytes = new byte[1 + random.nextInt(i % 3 == 0 ? 10_000 : 100)];
      random.nextBytes(bytes);
      expected.writeBytes(bytes);
      data(all, bytes);
    }
    while (all.isReadable()) {
      send(all.readRetainedSlice(Math.min(all.readableBytes(), 1 + random.nextInt(9_000))));
    }
    all.release();
    awaitHeard(expected.size());
    assertThat(heard.toByteArray()).isEqualTo(expected.toByteArray());
    assertThat(past.get()).isPositive();
  }

  @Test
  void whatIsKeptOfAReadIsNotReadOver() throws Exception {
    connect();
    send(request());
    byte[] all = new byte[50];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
      ByteBuf frame = Unpooled.buffer();
      data(frame, new byte[] {all[i]});
      send(frame);
      awaitHeard(i + 1);
    }
    ByteBuf together = Unpooled.buffer();
    kept.forEach(each -> together.writeBytes(each.slice()));
    assertThat(together.array()).startsWith(all);
  }

  @Test
  void answersToASlowReaderGoOutInOrder() throws Exception {
    connect();
    send(request());
    await().atMost(LIMIT).until(() -> past.get() + through.get() > 0);
    Runnable head =
        () -> {
          Http2Headers headers = new DefaultHttp2Headers().status("200");
          connection().send(stream(), headers, false, null);
        };
    threads.next().submit(head).sync();
    for (int i = 0; i < FRAMES; i++) {
      byte[] bytes = new byte[FRAME_BYTES];
      Arrays.fill(bytes, (byte) i);
      threads.next().submit(() -> answer(bytes)).sync();
    }
    assertThat(writtenPast.get()).isBetween(1, FRAMES / 2);

    DataInputStream in = new DataInputStream(client.getInputStream());
    client.setSoTimeout((int) LIMIT.toMillis());
    // Frames are cut where the socket took no more.
    for (int read = 0; read < FRAMES * FRAME_BYTES; ) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      in.skipNBytes(5);
      byte[] payload = in.readNBytes(length);
      for (int i = 0; type == 0 && i < length; i++) {
        if (payload[i] != (byte) (read++ / FRAME_BYTES)) {
          throw new AssertionError("byte " + read + " is " + payload[i]);
        }
      }
    }
  }

  private void answer(byte[] bytes) {
    ByteBuf data = Unpooled.wrappedBuffer(bytes);
    connection()
        .send(
            stream(),
            data,
            false,
            success -> {
              if (success && !isIn(ChannelOutboundBuffer.class)) {
                writtenPast.incrementAndGet();
              }
            });
    data.release();
  }

  @Test
  void whatWaitedForAWindowGoesBeforeWhatComesLater() throws Exception {
    connect();
    send(request());
    sendSmall(5);
    Runnable head =
        () -> connection().send(stream(), new DefaultHttp2Headers().status("200"), false, null);
    threads.next().submit(head).sync();
    answerWithoutWindow(new byte[] {1});
    openWindow(new byte[0]);
    assertThat(nextData()).containsExactly(1);

    answerWithoutWindow(new byte[] {2});
    openWindow(new byte[] {3});
    assertThat(nextData()).containsExactly(2);
    assertThat(nextData()).containsExactly(3);
  }

  private void answerWithoutWindow(byte[] bytes) throws InterruptedException {
    Runnable answering =
        () -> {
          stream().sendWindow = 0;
          answer(bytes);
        };
    threads.next().submit(answering).sync();
  }

  /** And in the same turn something is sent that needs no window. */
  private void openWindow(byte[] answer) throws InterruptedException {
    Callable<byte[]> opening =
        () -> {
          connection().connection().remote().flowController().incrementWindowSize(stream(), 100);
          if (answer.length > 0) {
            answer(answer);
          }
          ChannelHandlerContext ctx = connection().context();
          var unused =
              connection().encoder().frameWriter().writeWindowUpdate(ctx, 0, 1, ctx.newPromise());
          connection().flushLater();
          return answer;
        };
    threads.next().submit(opening).sync();
  }

  /** What the next frame of DATA brings to the client. */
  private byte[] nextData() throws IOException {
    client.setSoTimeout((int) LIMIT.toMillis());
    DataInputStream in = new DataInputStream(client.getInputStream());
    while (true) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      in.skipNBytes(5);
      byte[] payload = in.readNBytes(length);
      if (type == 0) {
        return payload;
      }
    }
  }

  @Test
  void aResetEndsTheConnectionAndNoOther() throws Exception {
    connect();
    send(request());
    sendSmall(5);
    FrameConnection gone = connection();
    client.setSoLinger(true, 0);
    client.close();
    await().atMost(LIMIT).until(() -> !gone.channel().isOpen());

    heard.reset();
    client = new Socket();
    connect();
    await().atMost(LIMIT).until(() -> connection() != gone);
    send(request());
    sendSmall(5);
  }
}
