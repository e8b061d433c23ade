package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdvertisedAddressTest {
  private static final Optional<InetSocketAddress> HERE = Optional.empty();

  // Addresses of documentation networks: asking for a route to them sends nothing.
  private static final Optional<InetSocketAddress> ELSEWHERE = at("192.0.2.1");

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3,               10.1.2.3:50051",
    "10.1.2.3:7,             10.1.2.3:7",
    "orders-1.example,       orders-1.example:50051",
    "orders-1.example:7,     orders-1.example:7",
    "fd00::7,                [fd00::7]:50051",
    "[fd00::7],              [fd00::7]:50051",
    "[fd00::7]:7,            [fd00::7]:7",
    "'  10.1.2.3  ',         10.1.2.3:50051"
  })
  void whatIsSaidMayCarryAPort(String said, String expected) {
    assertThat(find(Optional.of(said), Map.of(), ELSEWHERE)).hasToString(expected);
  }

  @Test
  void theExplicitAddressComesBeforeTheEnvironmentAndItsVariablesInOrder() {
    Map<String, String> both = Map.of("HOLDFAST_ADVERTISE", "10.0.0.2:9", "POD_IP", "10.0.0.3");

    assertThat(find(Optional.of("10.0.0.1"), both, ELSEWHERE)).hasToString("10.0.0.1:50051");
    assertThat(find(Optional.empty(), both, ELSEWHERE)).hasToString("10.0.0.2:9");
    assertThat(find(Optional.empty(), Map.of("POD_IP", "10.0.0.3"), ELSEWHERE))
        .hasToString("10.0.0.3:50051");
    assertThat(find(Optional.empty(), Map.of("POD_IP", " "), HERE)).hasToString("127.0.0.1:50051");
  }

  @Test
  void aRegistryOnThisMachineMakesLoopbackRight() {
    assertThat(find(Optional.empty(), Map.of(), HERE)).hasToString("127.0.0.1:50051");
    assertThat(find(Optional.of("localhost"), Map.of(), HERE)).hasToString("localhost:50051");
    assertThat(find(Optional.empty(), Map.of(), at("127.0.0.1"))).hasToString("127.0.0.1:50051");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.9.9.9:7", "::1", "[::1]:7", "localhost", "a.localhost"})
  void loopbackIsRefusedWhenTheRegistryIsElsewhere(String said) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> find(Optional.of(said), Map.of(), ELSEWHERE))
        .withMessageStartingWith("advertised address: ")
        .withMessageContaining("expected: an address that other machines reach");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> find(Optional.empty(), Map.of("HOLDFAST_ADVERTISE", said), ELSEWHERE))
        .withMessageStartingWith("HOLDFAST_ADVERTISE: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "[::]:50051"})
  void allAddressesAreNotAnAddress(String said) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> find(Optional.of(said), Map.of(), HERE))
        .withMessageContaining("expected: one address, not all of them");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "host:", "host:0", "host:65536", "a b", "http://h", "10.1.2.999"})
  void nonsenseIsRefusedWithItsSource(String said) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> find(Optional.of(said), Map.of(), HERE))
        .withMessageStartingWith("advertised address: \"" + said + "\"")
        .withMessageContaining("expected: host or host:port");
  }

  @Test
  void theRouteToTheRegistryTellsTheAddressOrTheErrorSaysWhatToSet() {
    // A machine without a route elsewhere is a legal place to run this.
    try {
      HostPort address = find(Optional.empty(), Map.of(), ELSEWHERE);
      assertThat(address.host()).doesNotStartWith("127.").isNotEqualTo("::1");
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("expected: HOLDFAST_ADVERTISE or an explicit address");
    }
  }

  private static HostPort find(
      Optional<String> explicit,
      Map<String, String> environment,
      Optional<InetSocketAddress> registry) {
    return AdvertisedAddress.find(explicit, 50051, environment, registry);
  }

  private static Optional<InetSocketAddress> at(String literal) {
    try {
      return Optional.of(new InetSocketAddress(InetAddress.getByName(literal), 2379));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(literal, e);
    }
  }
}
