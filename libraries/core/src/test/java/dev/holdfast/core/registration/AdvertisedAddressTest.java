package dev.holdfast.core.registration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.HostPort;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdvertisedAddressTest {
  private static final List<InetSocketAddress> HERE = List.of();

  // Addresses of documentation networks: asking for a route to them sends nothing.
  private static final List<InetSocketAddress> ELSEWHERE = at("192.0.2.1");

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
  void anAddressOfThisMachineIsHereAndOneOfNobodyIsNot() {
    assertThat(AdvertisedAddress.isLocal(new HostPort("127.0.0.1", 50051))).isTrue();
    // 192.0.2.0/24 is for documents.
    assertThat(AdvertisedAddress.isLocal(new HostPort("192.0.2.77", 50051))).isFalse();
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

  @ParameterizedTest
  @MethodSource("addressesOfThisMachine")
  void theRouteToAMemberIsFoundByLiteralAndByNameAsRegistriesSayThem(InetAddress own) {
    String literal = own.getHostAddress();
    List<InetSocketAddress> byLiteral = List.of(unresolved(literal));
    List<InetSocketAddress> byName = List.of(unresolved("etcd-1.example"));

    HostPort fromLiteral = find(byLiteral, InetAddress::getAllByName);
    HostPort fromName = find(byName, name -> new InetAddress[] {own});

    assertThat(fromLiteral).isEqualTo(new HostPort(literal, 50051));
    assertThat(fromName).isEqualTo(fromLiteral);
    assertThat(AdvertisedAddress.find(Optional.empty(), 50051, Map.of(), byLiteral))
        .isEqualTo(fromLiteral);
  }

  @ParameterizedTest
  @MethodSource("addressesOfThisMachine")
  void everyMemberAndEveryAddressOfItIsTried(InetAddress own) {
    InetAddress wrong = literal(own instanceof Inet6Address ? "::1" : "127.0.0.1");
    Map<String, InetAddress[]> known = Map.of("b", new InetAddress[] {wrong, own});
    List<String> asked = new ArrayList<>();

    HostPort found =
        find(
            List.of(unresolved("a"), unresolved("b")),
            name -> {
              asked.add(name);
              if (known.get(name) == null) {
                throw new UnknownHostException(name);
              }
              return known.get(name);
            });

    assertThat(found).isEqualTo(new HostPort(own.getHostAddress(), 50051));
    assertThat(asked).containsExactly("a", "b");
  }

  @Test
  void aNameThatMeansThisMachineMakesLoopbackRightAndAnUnknownOneDoesNot() {
    List<InetSocketAddress> member = List.of(unresolved("my-laptop"));

    assertThat(find(member, name -> new InetAddress[] {literal("127.0.1.1")}))
        .hasToString("127.0.0.1:50051");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                find(
                    member,
                    name -> {
                      throw new UnknownHostException(name + ": no such host");
                    }))
        .withMessageContaining("no route to the registry [my-laptop")
        .withMessageContaining("my-laptop: no such host");
  }

  @Test
  void nothingIsLookedUpWhenTheAddressIsSaid() {
    Map<String, String> environment = Map.of("HOLDFAST_ADVERTISE", " ", "POD_IP", "10.0.0.3");
    HostPort found =
        AdvertisedAddress.find(
            Optional.empty(),
            50051,
            environment,
            List.of(unresolved("a")),
            name -> {
              throw new AssertionError("looked up " + name);
            });

    assertThat(found).hasToString("10.0.0.3:50051");
    assertThat(AdvertisedAddress.isConfigured(Optional.empty(), environment)).isTrue();
    assertThat(AdvertisedAddress.isConfigured(Optional.empty(), Map.of("POD_IP", ""))).isFalse();
    assertThat(AdvertisedAddress.isConfigured(Optional.of("h"), Map.of())).isTrue();
  }

  /** None on a machine with loopback only, where nothing can be reached from elsewhere. */
  static List<InetAddress> addressesOfThisMachine() throws SocketException {
    List<InetAddress> found =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(a -> !a.isLoopbackAddress() && !a.isLinkLocalAddress())
            // Without the interface, which nobody says in a URI.
            .map(a -> literal(a.getHostAddress().replaceAll("%.*", "")))
            .toList();
    Assumptions.assumeFalse(found.isEmpty(), "only loopback here");
    return found;
  }

  private static HostPort find(
      List<InetSocketAddress> members, AdvertisedAddress.Resolver resolver) {
    return AdvertisedAddress.find(Optional.empty(), 50051, Map.of(), members, resolver);
  }

  private static InetSocketAddress unresolved(String host) {
    return InetSocketAddress.createUnresolved(host, 2379);
  }

  private static HostPort find(
      Optional<String> explicit,
      Map<String, String> environment,
      List<InetSocketAddress> registry) {
    return AdvertisedAddress.find(explicit, 50051, environment, registry);
  }

  private static List<InetSocketAddress> at(String literal) {
    return List.of(new InetSocketAddress(literal(literal), 2379));
  }

  private static InetAddress literal(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(literal, e);
    }
  }
}
