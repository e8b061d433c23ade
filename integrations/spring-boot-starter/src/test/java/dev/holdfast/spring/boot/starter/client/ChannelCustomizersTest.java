package dev.holdfast.spring.boot.starter.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.spring.boot.starter.Applications;
import dev.holdfast.spring.boot.starter.Applications.ClientApplication;
import dev.holdfast.spring.boot.starter.Applications.ServerApplication;
import dev.holdfast.spring.boot.starter.EchoService;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.ChannelBuilderOptions;
import org.springframework.grpc.client.GlobalClientInterceptor;
import org.springframework.grpc.client.GrpcChannelBuilderCustomizer;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.GlobalServerInterceptor;

/**
 * Tests of calls over channels of a registry: what the application asked for reaches the server.
 */
class ChannelCustomizersTest {
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("seen", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> USER_AGENT =
      Metadata.Key.of("user-agent", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir Path folder;
  private ConfigurableApplicationContext server;

  @BeforeEach
  void startServer() {
    server =
        Applications.runRegistered(
            List.of(ServerApplication.class, HeaderRecorder.class),
            Map.of(
                "spring.grpc.server.port",
                0,
                "holdfast.server.registry",
                registry(),
                "holdfast.server.service",
                "orders"));
  }

  @AfterEach
  void stopServer() {
    server.close();
  }

  @Test
  void customizersTypedOnAnyBuilderAreApplied() {
    try (ConfigurableApplicationContext client = client(Map.of())) {
      say(client, "orders");
      assertThat(client.getBean(Customizers.class).applied)
          .contains("any", "netty", "netty-class", "holdfast")
          .doesNotContain("in-process");
    }
  }

  @Test
  void customizersTypedOnNettyAreAppliedToOtherTargetsAsWell() {
    try (ConfigurableApplicationContext client = client(Map.of())) {
      int port = server.getBean(HeaderRecorder.class).port(server);
      say(client, "static://127.0.0.1:" + port);
      assertThat(client.getBean(Customizers.class).applied)
          .contains("any", "netty", "netty-class")
          .doesNotContain("in-process", "holdfast");
    }
  }

  @Test
  void customizerOfOneChannelMayBeTypedOnNetty() {
    try (ConfigurableApplicationContext client = client(Map.of())) {
      ChannelBuilderOptions options =
          ChannelBuilderOptions.defaults()
              .<NettyChannelBuilder>withCustomizer(
                  (name, netty) -> netty.flowControlWindow(70_000).userAgent("one-channel"));
      ManagedChannel channel =
          client.getBean(GrpcChannelFactory.class).createChannel("orders", options);
      EchoService.say(channel, "x");
      assertThat(seen(USER_AGENT)).startsWith("one-channel");
    }
  }

  @Test
  void globalInterceptorsAndUserAgentReachTheServer() {
    try (ConfigurableApplicationContext client =
        client(Map.of("spring.grpc.client.channel.orders.user-agent", "shop/1"))) {
      say(client, "orders");
      assertThat(seen(HEADER)).isEqualTo("by-interceptor");
      assertThat(seen(USER_AGENT)).startsWith("shop/1");
    }
  }

  @Test
  void defaultDeadlineHolds() {
    CountDownLatch release = server.getBean(EchoService.class).holdCalls();
    try (ConfigurableApplicationContext client =
        client(Map.of("spring.grpc.client.channel.orders.default.deadline", "200ms"))) {
      assertThatThrownBy(() -> say(client, "orders"))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    } finally {
      release.countDown();
    }
  }

  @Test
  void maximumSizeHolds() {
    try (ConfigurableApplicationContext client =
        client(Map.of("spring.grpc.client.channel.orders.inbound.message.max-size", "10B"))) {
      assertThatThrownBy(() -> say(client, "orders"))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    }
  }

  @Test
  void unknownPolicyIsRefusedWithTheOnesThatThereAre() {
    try (ConfigurableApplicationContext client =
        client(
            Map.of(
                "spring.grpc.client.channel.orders.default.load-balancing-policy", "roundrobin"))) {
      assertThatThrownBy(() -> say(client, "orders"))
          .hasMessage("loadBalancing: \"roundrobin\" (expected: round_robin)");
    }
  }

  @Test
  void serviceConfigOfTheApplicationIsInForce() {
    try (ConfigurableApplicationContext client =
        client(
            Map.of(
                "spring.grpc.client.channel.orders.service-config.method[0].name[0].service",
                "test.Echo",
                "spring.grpc.client.channel.orders.service-config.method[0].timeout",
                "200ms"))) {
      CountDownLatch release = server.getBean(EchoService.class).holdCalls();
      try {
        assertThatThrownBy(() -> say(client, "orders"))
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
      } finally {
        release.countDown();
      }
    }
  }

  @Test
  void serviceConfigThatIsSetOnTheNettyBuilderIsInForce() {
    Map<String, ?> method =
        Map.of("name", List.of(Map.of("service", "test.Echo")), "timeout", "0.2s");
    ChannelBuilderOptions options =
        ChannelBuilderOptions.defaults()
            .<NettyChannelBuilder>withCustomizer(
                (name, netty) ->
                    netty.defaultServiceConfig(Map.of("methodConfig", List.of(method))));
    try (ConfigurableApplicationContext client = client(Map.of())) {
      CountDownLatch release = server.getBean(EchoService.class).holdCalls();
      try {
        ManagedChannel channel =
            client.getBean(GrpcChannelFactory.class).createChannel("orders", options);
        assertThatThrownBy(() -> EchoService.say(channel, "x"))
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
      } finally {
        release.countDown();
      }
    }
  }

  @Test
  void aSetPathWatchesTheConnectionsOfOtherTargetsToo() {
    try (ConfigurableApplicationContext client = client(Map.of("holdfast.path", "nlb"))) {
      int port = server.getBean(HeaderRecorder.class).port(server);
      assertThat(say(client, "127.0.0.1:" + port)).isEqualTo("server:hello there");
    }
  }

  private static String say(ConfigurableApplicationContext client, String target) {
    return EchoService.say(
        client.getBean(GrpcChannelFactory.class).createChannel(target), "hello there");
  }

  private String seen(Metadata.Key<String> key) {
    return String.valueOf(server.getBean(HeaderRecorder.class).seen.get(key.name()));
  }

  private ConfigurableApplicationContext client(Map<String, ?> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("spring.grpc.client.channel.orders.target", registry() + "/orders");
    return Applications.run(List.of(ClientApplication.class, Customizers.class), all);
  }

  private String registry() {
    return "file://" + folder.resolve("prod");
  }

  /** Notes the headers of calls. */
  @Configuration(proxyBeanMethods = false)
  static class HeaderRecorder {
    private final Map<String, String> seen = new ConcurrentHashMap<>();

    int port(ConfigurableApplicationContext server) {
      return server
          .getBean(org.springframework.grpc.server.lifecycle.GrpcServerLifecycle.class)
          .getPort();
    }

    @Bean
    @GlobalServerInterceptor
    ServerInterceptor headers() {
      return new ServerInterceptor() {
        @Override
        public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
          for (Metadata.Key<String> key : List.of(HEADER, USER_AGENT)) {
            String value = headers.get(key);
            if (value != null) {
              seen.put(key.name(), value);
            }
          }
          return next.startCall(call, headers);
        }
      };
    }
  }

  /** Customizers of every kind that an application may have. */
  @Configuration(proxyBeanMethods = false)
  static class Customizers {
    private final Set<String> applied = ConcurrentHashMap.newKeySet();

    @Bean
    @GlobalClientInterceptor
    ClientInterceptor header() {
      Metadata headers = new Metadata();
      headers.put(HEADER, "by-interceptor");
      return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    @Bean
    <T extends ManagedChannelBuilder<T>> GrpcChannelBuilderCustomizer<T> any() {
      return (name, builder) -> applied.add("any");
    }

    @Bean
    GrpcChannelBuilderCustomizer<NettyChannelBuilder> netty() {
      return (name, builder) -> {
        builder.flowControlWindow(100_000);
        applied.add("netty");
      };
    }

    @Bean
    GrpcChannelBuilderCustomizer<NettyChannelBuilder> nettyClass() {
      return new GrpcChannelBuilderCustomizer<NettyChannelBuilder>() {
        @Override
        public void customize(String name, NettyChannelBuilder builder) {
          applied.add("netty-class");
        }
      };
    }

    @Bean
    GrpcChannelBuilderCustomizer<HoldfastChannelBuilder> holdfast() {
      return (name, builder) -> {
        builder.maxInboundMetadataSize(64 * 1024);
        applied.add("holdfast");
      };
    }

    @Bean
    GrpcChannelBuilderCustomizer<InProcessChannelBuilder> inProcess() {
      return new GrpcChannelBuilderCustomizer<InProcessChannelBuilder>() {
        @Override
        public void customize(String name, InProcessChannelBuilder builder) {
          applied.add("in-process");
        }
      };
    }
  }
}
