package dev.holdfast.inprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.inprocess.greet.GreeterGrpc;
import dev.holdfast.inprocess.greet.HelloRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.MetadataUtils;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The ways in which services come to be served. */
final class MountingTest {
  private final Greetings greetings = new Greetings();

  @Test
  void aServerOfHoldfastIsSeenThroughToItsInterceptors() throws Exception {
    Server server =
        HoldfastServerBuilder.forPort(0).addService(greetings).intercept(greetings).build();
    try (HttpListener http = HoldfastGateway.inProcess(server).listen(0)) {
      assertThat(hello(http.address())).contains("hello ada");
      assertThat(greetings.client).startsWith("/127.0.0.1");
    }
  }

  @Test
  void aServerWhoseInterceptorsAreUnknownIsRefused() {
    assertThatThrownBy(() -> HoldfastGateway.inProcess(new ForeignServer()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ForeignServer")
        .hasMessageContaining("expected: ");
  }

  @Test
  void whatIsServedIsDescribedWhereThatIsAskedFor() throws Exception {
    try (InProcessRig plain = new InProcessRig();
        InProcessRig described = new InProcessRig(http -> http.withOpenApi("greetings", "7"))) {
      assertThat(plain.get("/openapi.json").statusCode()).isEqualTo(404);
      assertThat(described.get("/openapi.json").body())
          .startsWith("{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"greetings\",\"version\":\"7\"}")
          .contains("\"/test.inprocess.Greeter/");
    }
  }

  @Test
  void servicesByThemselvesRunWhereTheyAreToldTo() throws Exception {
    try (HttpListener http = services().directExecutor().listen(0)) {
      assertThat(hello(http.address())).contains("hello ada");
      assertThat(greetings.thread).startsWith("holdfast-gateway");
    }
  }

  @Test
  void anExecutorThatRefusesIsAnHonestAnswer() throws Exception {
    HoldfastGateway refusing =
        services()
            .withExecutor(
                task -> {
                  throw new RejectedExecutionException("full");
                });
    try (HttpListener http = refusing.listen(0)) {
      assertThat(hello(http.address())).contains("\"code\":14", "full");
    }
  }

  @Test
  void channelsOfAnotherServerAreTaken() throws Exception {
    EventLoopGroup threads = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try {
      Channel listening =
          new ServerBootstrap()
              .group(threads)
              .channel(NioServerSocketChannel.class)
              .childHandler(services().handler())
              .bind(InetAddress.getLoopbackAddress(), 0)
              .sync()
              .channel();
      assertThat(hello((InetSocketAddress) listening.localAddress())).contains("hello ada");
    } finally {
      threads.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }

  @Test
  void gRpcItselfIsToldWhereToGo() throws Exception {
    try (HttpListener http = services().listen(0)) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(http.address()).usePlaintext().build();
      Metadata token = new Metadata();
      token.put(Greetings.TOKEN, "me");
      assertThatThrownBy(
              () ->
                  GreeterGrpc.newBlockingStub(channel)
                      .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(token))
                      .sayHello(HelloRequest.getDefaultInstance()))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("UNIMPLEMENTED")
          .hasMessageContaining("the server's own port");
      channel.shutdownNow();
    }
  }

  /** grpc-java's own services ask the Context which server they are on. */
  @Test
  void reflectionAnswersOverJson() throws Exception {
    Server server =
        HoldfastServerBuilder.forPort(0)
            .addService(greetings)
            .addService(ProtoReflectionServiceV1.newInstance())
            .build();
    try (HttpListener http = HoldfastGateway.inProcess(server).listen(0)) {
      String answer =
          send(
              http.address(),
              "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
              "[{\"listServices\": \"*\"}]");
      assertThat(answer).contains("test.inprocess.Greeter");
    }
  }

  private HoldfastGateway services() {
    return HoldfastGateway.inProcess(List.of(ServerInterceptors.intercept(greetings, greetings)));
  }

  private static String hello(InetSocketAddress address) throws Exception {
    return send(address, "/test.inprocess.Greeter/SayHello", "{\"name\": \"ada\"}");
  }

  private static String send(InetSocketAddress address, String path, String body) throws Exception {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .send(
            InProcessRig.request(address, path)
                .header("content-type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString())
        .body();
  }

  /** No more than any server must be. */
  private static final class ForeignServer extends Server {
    @Override
    public Server start() {
      return this;
    }

    @Override
    public Server shutdown() {
      return this;
    }

    @Override
    public Server shutdownNow() {
      return this;
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return false;
    }

    @Override
    public void awaitTermination() {}
  }
}
