package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.ClientHeaders;
import dev.holdfast.bench.load.H2load;
import dev.holdfast.lab.process.ParentLine;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A child process with the clients of {@link GrpcLoad}, all on one thread. {@code OPEN PORT LOAD}
 * connects, makes calls for a moment and prints {@code OPENED} when no call is in flight. {@code
 * RUN MILLIS} makes calls and prints {@code DONE} with their count, duration and latencies. {@code
 * CLOSE} closes the connections. The first failure ends the process.
 */
public final class GrpcLoadProgram {
  private static final String CIPHER = "TLS_AES_128_GCM_SHA256";
  private static final long LEAD_IN_MILLIS = 150;
  private static final long PATIENCE_SECONDS = 180;
  private static final long TURN_MICROS = 1_000;

  private final EventLoop loop;
  private final GrpcLoad load;
  private final List<GrpcLoadConnection> connections = new ArrayList<>();
  private final CountDownLatch ready;
  private Round round = new Round();

  private GrpcLoadProgram(EventLoop loop, GrpcLoad load) {
    this.loop = loop;
    this.load = load;
    this.ready = new CountDownLatch(load.connections());
  }

  /** The main method of the child process; commands come on standard input. */
  public static void main(String[] args) throws Exception {
    var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    ParentLine parent = new ParentLine();
    GrpcLoadProgram clients = null;
    for (String line = parent.next(); !line.isEmpty(); line = parent.next()) {
      List<String> words = Arrays.asList(line.split(" ", -1));
      if (words.get(0).equals("OPEN")) {
        GrpcLoad load = GrpcLoad.parse(words.subList(2, words.size()));
        clients = new GrpcLoadProgram(group.next(), load);
        clients.open(Integer.parseInt(words.get(1)));
        var unused = clients.run(LEAD_IN_MILLIS);
        parent.say("OPENED");
      } else if (words.get(0).equals("RUN") && clients != null) {
        Round done = clients.run(Long.parseLong(words.get(1)));
        parent.say("DONE %d %d %s", done.answered, done.tookNanos, Latencies.encode(done.nanos));
      } else if (clients != null) {
        clients.close();
        parent.say("CLOSED");
      }
    }
    System.exit(0);
  }

  private void open(int port) throws Exception {
    SslContext tls = load.tls() ? tls() : null;
    for (int i = 0; i < load.connections(); i++) {
      GrpcLoadConnection connection = connection(i);
      connections.add(connection);
      var unused =
          new Bootstrap()
              .group(loop)
              .channel(EpollSocketChannel.class)
              .option(ChannelOption.TCP_NODELAY, true)
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      if (tls != null) {
                        channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                      }
                      channel
                          .pipeline()
                          .addLast(connection, new Beginning(connection, tls != null));
                    }
                  })
              .connect(InetAddress.getLoopbackAddress(), port)
              .sync();
    }
    if (!ready.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      fail("not connected within " + PATIENCE_SECONDS + " s");
    }
  }

  private GrpcLoadConnection connection(int number) {
    return new GrpcLoadConnection(
        new ClientHeaders(System.nanoTime() + number, load.tls(), "localhost"),
        load.requestBody(),
        load.answerDataBytes(),
        new GrpcLoadConnection.Listener() {
          @Override
          public void onReady() {
            ready.countDown();
          }

          @Override
          public void onAnswered(GrpcLoadConnection connection, long nanos) {
            round.onAnswered(connection, nanos);
          }

          @Override
          public void onFailed(String reason) {
            fail(reason);
          }
        });
  }

  /** The parent sees the end of this process, and its words on standard error. */
  private static void fail(String reason) {
    System.err.println("grpc load: " + reason);
    Runtime.getRuntime().halt(1);
  }

  private static SslContext tls() throws Exception {
    return SslContextBuilder.forClient()
        .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
        .trustManager(InsecureTrustManagerFactory.INSTANCE)
        .endpointIdentificationAlgorithm(null)
        .protocols("TLSv1.3")
        .ciphers(List.of(CIPHER))
        .applicationProtocolConfig(
            new ApplicationProtocolConfig(
                ApplicationProtocolConfig.Protocol.ALPN,
                ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                ApplicationProtocolNames.HTTP_2))
        .build();
  }

  private Round run(long millis) throws InterruptedException {
    Round next = new Round();
    loop.execute(() -> next.start(millis));
    if (!next.over.await(
        millis + TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS), TimeUnit.MILLISECONDS)) {
      fail("calls did not end within " + PATIENCE_SECONDS + " s");
    }
    return next;
  }

  private void close() throws InterruptedException {
    CountDownLatch closed = new CountDownLatch(1);
    loop.execute(
        () -> {
          connections.forEach(GrpcLoadConnection::close);
          closed.countDown();
        });
    closed.await();
  }

  /** Says when a connection may be used. */
  private static final class Beginning extends ChannelInboundHandlerAdapter {
    private final GrpcLoadConnection connection;
    private final boolean tls;

    Beginning(GrpcLoadConnection connection, boolean tls) {
      this.connection = connection;
      this.tls = tls;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      if (!tls) {
        begin(ctx);
      }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent done) {
        if (done.isSuccess()) {
          begin(ctx);
        } else {
          fail("TLS: " + done.cause());
        }
      }
    }

    private void begin(ChannelHandlerContext ctx) {
      ChannelHandlerContext before = ctx.pipeline().context(connection);
      if (before != null) {
        connection.begin(before);
      }
    }
  }

  /** Calls for a while, from none under way to none under way. On the event loop. */
  private final class Round {
    private final Histogram nanos = Latencies.empty();
    private final CountDownLatch over = new CountDownLatch(1);
    private boolean stopping;
    private long startNanos;
    private long tookNanos;
    private long sent;
    private long answered;
    private int next;
    private @Nullable ScheduledFuture<?> pace;

    void start(long millis) {
      round = this;
      startNanos = System.nanoTime();
      if (load.rate() == H2load.SATURATION) {
        for (GrpcLoadConnection connection : connections) {
          for (int i = 0; i < load.streams(); i++) {
            call(connection);
          }
          connection.flush();
        }
      } else {
        pace = loop.scheduleAtFixedRate(this::sendDue, 0, TURN_MICROS, TimeUnit.MICROSECONDS);
      }
      var unused = loop.schedule(this::stop, millis, TimeUnit.MILLISECONDS);
    }

    private void sendDue() {
      long due = (System.nanoTime() - startNanos) / 1_000 * load.rate() / 1_000_000;
      for (int tried = 0; sent < due && tried < connections.size() * load.streams(); tried++) {
        next = (next + 1) % connections.size();
        GrpcLoadConnection connection = connections.get(next);
        if (connection.underWay() < load.streams()) {
          call(connection);
        }
      }
      connections.forEach(GrpcLoadConnection::flush);
    }

    private void call(GrpcLoadConnection connection) {
      sent++;
      connection.call();
    }

    void onAnswered(GrpcLoadConnection connection, long tookOne) {
      answered++;
      nanos.recordValue(Math.min(Latencies.HIGHEST_NANOS, tookOne));
      if (!stopping && pace == null) {
        call(connection);
      } else if (stopping && answered == sent) {
        end();
      }
    }

    private void stop() {
      stopping = true;
      ScheduledFuture<?> known = pace;
      if (known != null) {
        known.cancel(false);
      }
      if (answered == sent) {
        end();
      }
    }

    private void end() {
      tookNanos = System.nanoTime() - startNanos;
      over.countDown();
    }
  }
}
