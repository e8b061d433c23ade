package dev.holdfast.spring.boot.starter.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.core.env.StandardEnvironment;

/** Tests of names, targets, and who resolves them. */
class ChannelTargetsTest {
  private final GrpcClientProperties properties = new GrpcClientProperties();
  private final ChannelTargets targets =
      new ChannelTargets(environment(), properties, Set.of("etcd", "dns", "kubernetes", "file"));

  @ParameterizedTest
  @CsvSource({
    "etcd://h1:2379/prod/orders, true",
    "kubernetes:///orders.prod:grpc, true",
    "holdfast:///orders, true",
    "file:///var/lib/x/orders, true",
    "dns:///orders:50051, true",
    "dns:orders:50051, true",
    "localhost:9090, false",
    "unix:/run/orders.sock, false",
    "unix:///run/orders.sock, false",
    "consul://h/orders, true"
  })
  void registryResolvesItsSchemesAndSpringBootTheOthers(String target, boolean isOfRegistry) {
    assertThat(targets.isOfRegistry(target)).isEqualTo(isOfRegistry);
  }

  @Test
  void aTargetOfSpringCloudWithoutItNamesWhatIsMissing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> targets.isOfRegistry("discovery:///orders"))
        .withMessageContaining("expected: a bean of type DiscoveryClient");
  }

  @Test
  void aNameHasItsTarget() {
    channel("orders", "etcd://${host}:2379/prod/orders");
    assertThat(targets.targetOf("orders")).isEqualTo("etcd://etcd-1:2379/prod/orders");
    assertThat(targets.targetOf("etcd://${host}/x")).isEqualTo("etcd://etcd-1/x");
  }

  @Test
  void staticTargetsAreAddresses() {
    channel("orders", "static://localhost:9091");
    assertThat(targets.targetOf("orders")).isEqualTo("localhost:9091");
    assertThat(targets.targetOf("tcp://h:1")).isEqualTo("h:1");
    assertThat(targets.targetOf("default")).isEqualTo("localhost:9090");
  }

  @Test
  void settingsOfTheChannelDefaultHoldForNamesWithoutOwn() {
    channel("orders", "x:1");
    channel("default", "y:1");
    assertThat(targets.nameOf("orders")).isEqualTo("orders");
    assertThat(targets.nameOf("bills")).isEqualTo("default");
    assertThat(targets.channel("bills").getTarget()).isEqualTo("y:1");
  }

  private static StandardEnvironment environment() {
    StandardEnvironment environment = new StandardEnvironment();
    TestPropertyValues.of("host=etcd-1").applyTo(environment);
    return environment;
  }

  private void channel(String name, String target) {
    GrpcClientProperties.Channel channel = new GrpcClientProperties.Channel();
    channel.setTarget(target);
    properties.getChannel().put(name, channel);
  }
}
