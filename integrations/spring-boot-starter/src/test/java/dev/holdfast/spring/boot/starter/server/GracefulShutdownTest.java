package dev.holdfast.spring.boot.starter.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.Applications.ClientApplication;
import dev.holdfast.spring.boot.starter.Applications.ServerApplication;
import dev.holdfast.spring.boot.starter.EchoService;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.client.GrpcChannelFactory;

/** Tests of the end of an application: the record goes first, then calls end, in one budget. */
class GracefulShutdownTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** The common pool has one thread on two cores, and two tasks here wait for each other. */
  private static final Executor OWN_THREAD = task -> new Thread(task).start();

  @TempDir Path folder;

  @Test
  void theRecordGoesBeforeACallUnderWayEnds() throws Exception {
    ConfigurableApplicationContext server = server(Map.of());
    try (ConfigurableApplicationContext client = client()) {
      EchoService echo = server.getBean(EchoService.class);
      CountDownLatch release = echo.holdCalls();
      CompletableFuture<String> answer =
          CompletableFuture.supplyAsync(() -> say(client), OWN_THREAD);
      assertThat(echo.held().await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

      CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close, OWN_THREAD);
      await().atMost(LIMIT).until(() -> records() == 0);
      assertThat(answer).isNotDone();
      assertThat(closed).isNotDone();
      release.countDown();

      assertThat(answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("server:x");
      closed.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  @Test
  void aCallThatDoesNotEndIsCutWithinThePhase() throws Exception {
    ConfigurableApplicationContext server =
        server(Map.of("spring.lifecycle.timeout-per-shutdown-phase", "2s"));
    try (ConfigurableApplicationContext client = client()) {
      EchoService echo = server.getBean(EchoService.class);
      CountDownLatch release = echo.holdCalls();
      CompletableFuture<String> answer =
          CompletableFuture.supplyAsync(() -> say(client), OWN_THREAD);
      assertThat(echo.held().await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

      server.close();

      assertThat(records()).isZero();
      await().atMost(LIMIT).until(answer::isCompletedExceptionally);
      release.countDown();
    }
  }

  private static String say(ConfigurableApplicationContext client) {
    ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel("orders");
    return EchoService.say(channel, "x");
  }

  private long records() {
    // Not a walk, which fails when a file that is being written gets its name meanwhile.
    try (Stream<Path> files = Files.list(folder.resolve("prod/orders"))) {
      return files.filter(file -> file.toString().endsWith(".json")).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ConfigurableApplicationContext server(Map<String, String> more) {
    Map<String, Object> properties = new HashMap<>(more);
    properties.put("spring.grpc.server.port", 0);
    properties.put("holdfast.server.registry", registry());
    properties.put("holdfast.server.service", "orders");
    return Applications.runRegistered(List.of(ServerApplication.class), properties);
  }

  private ConfigurableApplicationContext client() {
    return Applications.run(
        ClientApplication.class,
        Map.of("spring.grpc.client.channel.orders.target", registry() + "/orders"));
  }

  private String registry() {
    return "file://" + folder.resolve("prod");
  }
}
