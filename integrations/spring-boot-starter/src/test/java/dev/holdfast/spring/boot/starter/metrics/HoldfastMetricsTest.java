package dev.holdfast.spring.boot.starter.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.metrics.GrpcMetrics;
import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.Applications.ClientApplication;
import dev.holdfast.spring.boot.starter.Applications.ServerApplication;
import dev.holdfast.spring.boot.starter.EchoService;
import dev.holdfast.spring.boot.starter.HoldfastAutoConfiguration;
import dev.holdfast.spring.boot.starter.server.ReadyServers;
import io.grpc.ManagedChannel;
import io.grpc.opentelemetry.GrpcOpenTelemetry;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.grpc.client.GrpcChannelFactory;

/** Tests of gRPC's own metrics in real applications, and of when they are recorded. */
class HoldfastMetricsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  HoldfastAutoConfiguration.class, HoldfastMetricsAutoConfiguration.class));

  @TempDir Path folder;

  @Test
  void callsOfChannelsAndServersAreInTheRegistryOfTheApplication() {
    try (ConfigurableApplicationContext server = run(ServerApplication.class, Map.of());
        ConfigurableApplicationContext client = run(ClientApplication.class, Map.of())) {
      callOnce(client, "orders");

      MeterRegistry ofClient = client.getBean(MeterRegistry.class);
      MeterRegistry ofServer = server.getBean(MeterRegistry.class);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(calls(ofClient, "grpc.client.call.duration")).isEqualTo(1);
                assertThat(calls(ofServer, "grpc.server.call.duration")).isEqualTo(1);
              });
      assertThat(ofClient.get("grpc.subchannel.connection_attempts_succeeded").counter().count())
          .isEqualTo(1);
    }
  }

  @Test
  void callsOfChannelsThatAreNotOfHoldfastAreToo() {
    try (ConfigurableApplicationContext server = run(ServerApplication.class, Map.of());
        ConfigurableApplicationContext client =
            run(ClientApplication.class, Map.of("holdfast.client.enabled", "false"))) {
      int port = server.getBean(ReadyServers.class).servers().get(0).getPort();
      callOnce(client, "static://127.0.0.1:" + port);

      MeterRegistry ofClient = client.getBean(MeterRegistry.class);
      await().atMost(PATIENCE).until(() -> calls(ofClient, "grpc.client.call.duration") == 1);
    }
  }

  @Test
  void nothingIsRecordedWhereItIsOff() {
    Map<String, String> off = Map.of("holdfast.grpc-metrics", "false");
    try (ConfigurableApplicationContext server = run(ServerApplication.class, off);
        ConfigurableApplicationContext client = run(ClientApplication.class, off)) {
      callOnce(client, "orders");
      assertThat(client.getBean(MeterRegistry.class).find("grpc.client.call.duration").meters())
          .isEmpty();
      assertThat(server.getBean(MeterRegistry.class).find("grpc.server.call.started").meters())
          .isEmpty();
    }
  }

  @Test
  void openTelemetryRecordsThemWhereTheApplicationHasIt() {
    ApplicationContextRunner metered =
        runner.withBean(MeterRegistry.class, SimpleMeterRegistry::new);
    metered.run(context -> assertThat(context).hasSingleBean(GrpcMetrics.class));
    metered
        .withBean(
            GrpcOpenTelemetry.class,
            () -> GrpcOpenTelemetry.newBuilder().sdk(OpenTelemetry.noop()).build())
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(GrpcMetrics.class));
  }

  @Test
  void thereIsNothingToRecordInWithoutOneRegistry() {
    runner.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(GrpcMetrics.class));
    runner
        .withBean("first", MeterRegistry.class, SimpleMeterRegistry::new)
        .withBean("second", MeterRegistry.class, SimpleMeterRegistry::new)
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(GrpcMetrics.class));
  }

  @Test
  void applicationsWithoutSpringGrpcStartAllTheSame() {
    runner
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        .withClassLoader(new FilteredClassLoader("org.springframework.grpc"))
        .run(context -> assertThat(context).hasNotFailed().hasSingleBean(GrpcMetrics.class));
  }

  private static void callOnce(ConfigurableApplicationContext client, String target) {
    ManagedChannel channel = client.getBean(GrpcChannelFactory.class).createChannel(target);
    assertThat(EchoService.say(channel, "x")).isEqualTo("server:x");
  }

  private static long calls(MeterRegistry registry, String meter) {
    return registry.find(meter).summaries().stream().mapToLong(one -> one.count()).sum()
        + registry.find(meter).timers().stream().mapToLong(one -> one.count()).sum();
  }

  private ConfigurableApplicationContext run(Class<?> application, Map<String, String> properties) {
    Map<String, String> all = new HashMap<>(properties);
    String registry = "file://" + folder.resolve("prod");
    if (application != ServerApplication.class) {
      all.put("spring.grpc.client.channel.orders.target", registry + "/orders");
      return Applications.run(application, all);
    }
    all.put("spring.grpc.server.port", "0");
    all.put("holdfast.server.registry", registry);
    all.put("holdfast.server.service", "orders");
    return Applications.runRegistered(List.of(application), all);
  }
}
