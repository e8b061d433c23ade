package dev.holdfast.spring.boot.starter.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.grpc.ForwardingChannelBuilder2;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.util.unit.DataSize;

/** Tests of what is told apart: what the application set, and what is Spring Boot's default. */
class ChannelSettingsTest {
  private static final String CHANNEL = "spring.grpc.client.channel.";

  @Test
  void nothingIsSetByAChannelThatOnlyHasATarget() {
    Recorder recorder = new Recorder();
    explicit("orders", "orders.target=etcd://h/prod/orders").applyTo(recorder);
    assertThat(recorder.set).isEmpty();
  }

  @Test
  void defaultsOfSpringBootAreSetOnOtherChannels() {
    Recorder recorder = new Recorder();
    ChannelSettings.complete(new GrpcClientProperties.Channel()).applyTo(recorder);
    assertThat(recorder.set)
        .containsEntry("idleTimeout", Duration.ofSeconds(20))
        .containsEntry("keepAliveTime", Duration.ofMinutes(5))
        .containsEntry("maxInboundMessageSize", 4 << 20);
  }

  @Test
  void eachSettingOfTheApplicationIsTaken() {
    ChannelSettings settings =
        explicit(
            "orders",
            "orders.user-agent=shop/1",
            "orders.inbound.message.max-size=1MB",
            "orders.inbound.metadata.max-size=16KB",
            "orders.default.deadline=3",
            "orders.default.load-balancing-policy=round_robin",
            "orders.idle.timeout=1h",
            "orders.keepalive.time=30",
            "orders.keepalive.timeout=7s",
            "orders.keepalive.without-calls=true");
    assertThat(settings)
        .isEqualTo(
            new ChannelSettings(
                "shop/1",
                DataSize.ofMegabytes(1),
                DataSize.ofKilobytes(16),
                Duration.ofSeconds(3),
                "round_robin",
                Duration.ofHours(1),
                Duration.ofSeconds(30),
                Duration.ofSeconds(7),
                true));
    Recorder recorder = new Recorder();
    settings.applyTo(recorder);
    assertThat(recorder.set)
        .isEqualTo(
            Map.of(
                "userAgent",
                "shop/1",
                "maxInboundMessageSize",
                1 << 20,
                "maxInboundMetadataSize",
                16 << 10,
                "idleTimeout",
                Duration.ofHours(1),
                "keepAliveTime",
                Duration.ofSeconds(30),
                "keepAliveTimeout",
                Duration.ofSeconds(7),
                "keepAliveWithoutCalls",
                true));
  }

  @Test
  void valueThatEqualsADefaultOfSpringBootIsStillThatOfTheApplication() {
    assertThat(explicit("orders", "orders.idle.timeout=20s").idleTimeout())
        .isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void anUnlimitedSizeIsTheLargest() {
    Recorder recorder = new Recorder();
    explicit("orders", "orders.inbound.message.max-size=-1").applyTo(recorder);
    assertThat(recorder.set).containsEntry("maxInboundMessageSize", Integer.MAX_VALUE);
  }

  @Test
  void aSizeBelowThatIsRefused() {
    ChannelSettings settings = explicit("orders", "orders.inbound.message.max-size=-2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings.applyTo(new Recorder()))
        .withMessage("inbound.message.max-size: -2B (expected: -1B or >= 0B)");
  }

  private static ChannelSettings explicit(String name, String... properties) {
    StandardEnvironment environment = new StandardEnvironment();
    for (String property : properties) {
      TestPropertyValues.of(CHANNEL + property).applyTo(environment);
    }
    return ChannelSettings.explicit(environment, name);
  }

  /** Notes what is set on it. */
  private static final class Recorder extends ForwardingChannelBuilder2<Recorder> {
    private final Map<String, Object> set = new TreeMap<>();
    private final ManagedChannelBuilder<?> delegate = NettyChannelBuilder.forTarget("x:1");

    @Override
    protected ManagedChannelBuilder<?> delegate() {
      return delegate;
    }

    @Override
    public Recorder userAgent(String value) {
      set.put("userAgent", value);
      return this;
    }

    @Override
    public Recorder maxInboundMessageSize(int bytes) {
      set.put("maxInboundMessageSize", bytes);
      return this;
    }

    @Override
    public Recorder maxInboundMetadataSize(int bytes) {
      set.put("maxInboundMetadataSize", bytes);
      return this;
    }

    @Override
    public Recorder idleTimeout(long value, TimeUnit unit) {
      set.put("idleTimeout", Duration.of(value, unit.toChronoUnit()));
      return this;
    }

    @Override
    public Recorder keepAliveTime(long value, TimeUnit unit) {
      set.put("keepAliveTime", Duration.of(value, unit.toChronoUnit()));
      return this;
    }

    @Override
    public Recorder keepAliveTimeout(long value, TimeUnit unit) {
      set.put("keepAliveTimeout", Duration.of(value, unit.toChronoUnit()));
      return this;
    }

    @Override
    public Recorder keepAliveWithoutCalls(boolean value) {
      set.put("keepAliveWithoutCalls", value);
      return this;
    }
  }
}
