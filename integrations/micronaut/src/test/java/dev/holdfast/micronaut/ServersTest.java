package dev.holdfast.micronaut;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.grpc.HoldfastServer;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.annotation.Requires;
import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the life of a server: what it says of itself, when it joins and how it leaves. */
class ServersTest {
  /** The common pool may have one thread, which a call that is held would block. */
  private static final Executor THREAD_EACH = task -> new Thread(task).start();

  @TempDir Path folder;

  /** Parts of an application that take part in the life of its server. */
  @Singleton
  @Requires(property = "test.recorder")
  static final class Recorder
      implements ServerInterceptor, BeanCreatedEventListener<ServerBuilder<?>> {
    final List<String> seen = new CopyOnWriteArrayList<>();

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      seen.add(call.getMethodDescriptor().getFullMethodName());
      return next.startCall(call, headers);
    }

    @Override
    public ServerBuilder<?> onCreated(BeanCreatedEvent<ServerBuilder<?>> event) {
      seen.add(event.getBean().getClass().getSimpleName());
      return event.getBean();
    }

    /** As of an application that fills its caches. */
    @EventListener
    void onStartup(ServerStartupEvent event) {
      HoldfastServer server = (HoldfastServer) ((GrpcEmbeddedServer) event.getSource()).getServer();
      seen.add("startup while " + server.registration().state());
    }
  }

  @Test
  void theRecordSaysWhatTheSettingsSay() throws Exception {
    Map<String, Object> settings = register();
    settings.put("grpc.server.advertise", "10.0.0.7:1234");
    settings.put("grpc.server.weight", 30);
    settings.put("grpc.server.zone", "eu-1a");
    settings.put("grpc.server.metadata.buildDate", "today");
    try (ApplicationContext server = Applications.server(settings)) {
      assertThat(records())
          .singleElement()
          .asString()
          .contains(
              "\"address\" : \"10.0.0.7:1234\"",
              "\"weight\" : 30",
              "\"zone\" : \"eu-1a\"",
              "\"buildDate\" : \"today\"");
    }
    await().until(() -> records().isEmpty());
  }

  @Test
  void theServerJoinsWhenAllListenersOfItsStartAreDone() {
    Map<String, Object> settings = register();
    settings.put("test.recorder", true);
    try (ApplicationContext server = Applications.server(settings)) {
      ManagedChannel channel = channel(server, InsecureChannelCredentials.create());
      EchoService.say(channel, "x");
      channel.shutdownNow();
      assertThat(server.getBean(Recorder.class).seen)
          .containsExactly("HoldfastServerBuilder", "startup while ABSENT", "test.Echo/Say");
    }
  }

  @Test
  void theRecordGoesBeforeACallUnderWayEnds() throws Exception {
    ApplicationContext server = Applications.server(register());
    EchoService echo = server.getBean(EchoService.class);
    CountDownLatch release = echo.holdCalls();
    ManagedChannel channel = channel(server, InsecureChannelCredentials.create());
    CompletableFuture<String> answer =
        CompletableFuture.supplyAsync(() -> EchoService.say(channel, "x"), THREAD_EACH);
    assertThat(echo.held().await(120, TimeUnit.SECONDS)).isTrue();

    CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close, THREAD_EACH);
    await().atMost(Applications.LIMIT).until(() -> records().isEmpty());
    assertThat(answer).isNotDone();
    assertThat(closed).isNotDone();
    release.countDown();

    assertThat(answer.get(120, TimeUnit.SECONDS)).isEqualTo("server:x");
    closed.get(120, TimeUnit.SECONDS);
    channel.shutdownNow();
  }

  @Test
  void aCallThatDoesNotEndIsCutWithinTheTimeThatMicronautWaits() throws Exception {
    Map<String, Object> settings = register();
    settings.put("grpc.server.await-termination", "2s");
    ApplicationContext server = Applications.server(settings);
    EchoService echo = server.getBean(EchoService.class);
    CountDownLatch release = echo.holdCalls();
    ManagedChannel channel = channel(server, InsecureChannelCredentials.create());
    CompletableFuture<String> answer =
        CompletableFuture.supplyAsync(() -> EchoService.say(channel, "x"), THREAD_EACH);
    assertThat(echo.held().await(120, TimeUnit.SECONDS)).isTrue();

    server.close();

    assertThat(records()).isEmpty();
    await().atMost(Applications.LIMIT).until(answer::isCompletedExceptionally);
    release.countDown();
    channel.shutdownNow();
  }

  @Test
  void aSpreadThatDoesNotFitIsNamed() {
    Map<String, Object> settings = register();
    settings.put("grpc.server.await-termination", "2s");
    settings.put("grpc.server.spread", "5s");
    try (ApplicationContext application = Applications.context(settings)) {
      assertThatThrownBy(() -> application.getBean(GrpcEmbeddedServer.class))
          .hasStackTraceContaining(
              "grpc.server.spread: 5s (expected: 0s to 950ms, of grpc.server.await-termination)");
    }
  }

  @Test
  void aServerWithoutTargetIsRegisteredNowhere() {
    try (ApplicationContext server = Applications.server(Map.of())) {
      HoldfastServer own = (HoldfastServer) server.getBean(GrpcEmbeddedServer.class).getServer();
      assertThat(own.registrations()).isEmpty();
      assertThat(EchoService.say(server.getBean(Applications.OwnServer.class).channel, "x"))
          .isEqualTo("server:x");
    }
  }

  @Test
  void tlsOfMicronautAndTheHealthServiceAreThere() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "localhost");
    Map<String, Object> settings = register();
    settings.put("grpc.server.ssl.cert-chain", "file:" + certificate.certificate());
    settings.put("grpc.server.ssl.private-key", "file:" + certificate.key());
    try (ApplicationContext server = Applications.server(settings)) {
      ManagedChannel channel =
          channel(
              server,
              TlsChannelCredentials.newBuilder().trustManager(certificate.certificate()).build());
      assertThat(EchoService.say(channel, "x")).isEqualTo("server:x");
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isEqualTo(ServingStatus.SERVING);
      channel.shutdownNow();
    }
  }

  private Map<String, Object> register() {
    Map<String, Object> settings = new HashMap<>();
    settings.put("grpc.server.register", "file://" + folder.resolve("prod/orders"));
    settings.put("grpc.server.spread", "100ms");
    return settings;
  }

  private List<String> records() {
    Path records = folder.resolve("prod/orders");
    // Not a walk, which fails when a file that is being written gets its name meanwhile.
    try (Stream<Path> files = Files.isDirectory(records) ? Files.list(records) : Stream.of()) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .map(ServersTest::read)
          .flatMap(Optional::stream)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Empty when the record has gone since it was listed. */
  private static Optional<String> read(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ManagedChannel channel(ApplicationContext server, ChannelCredentials credentials) {
    int port = server.getBean(GrpcEmbeddedServer.class).getPort();
    return Grpc.newChannelBuilderForAddress("localhost", port, credentials).build();
  }
}
