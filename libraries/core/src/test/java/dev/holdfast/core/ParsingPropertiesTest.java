package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** What must hold for any text and any list, not only for those that somebody thought of. */
class ParsingPropertiesTest {

  @Property
  void anyServiceNameIsReadAsItWasPrinted(@ForAll("services") ServiceName service) {
    assertThat(ServiceName.parse(service.toString())).isEqualTo(service);
  }

  @Property
  void anyAddressIsReadAsItWasPrinted(@ForAll("addresses") HostPort address) {
    assertThat(HostPort.parse(address.toString())).isEqualTo(address);
  }

  @Property
  void anyTargetIsReadAsItWasPrinted(
      @ForAll("services") ServiceName service, @ForAll("parameters") Map<String, String> query) {
    RegistryUri registry = new RegistryUri("etcd", "", "h1,h2:2379", "outer", query);
    ServiceTarget target = ServiceTarget.in(registry, service);

    assertThat(ServiceTarget.parse(target.toString())).isEqualTo(target);
  }

  @Property
  void anyTextIsReadOrRefusedWithAReason(@ForAll String text) {
    readsOrRefuses(() -> ServiceName.parse(text));
    readsOrRefuses(() -> HostPort.parse(text));
    readsOrRefuses(() -> RegistryUri.parse(text));
    readsOrRefuses(() -> ServiceTarget.parse("etcd://h/" + text));
    readsOrRefuses(() -> DurationText.parse("ttl", text));
  }

  @Property
  void aPasswordIsNeverPrinted(@ForAll("passwords") String password) {
    String text = "etcd://user:" + password + "@h1:2379/prod";

    assertThat(RegistryUri.parse(text).toString()).isEqualTo("etcd://h1:2379/prod");
    assertThat(RegistryUri.parse(text).userInfo()).isEqualTo("user:" + password);
    readsOrRefuses(
        () -> RegistryUri.parse(text + "/%zz"),
        message -> assertThat(message).doesNotContain(password));
  }

  @Property
  void aListIsTheSameInWhateverOrderItWasBuilt(
      @ForAll("endpoints") List<Endpoint> endpoints, @ForAll long seed) {
    List<Endpoint> shuffled = new ArrayList<>(endpoints);
    Collections.shuffle(shuffled, new Random(seed));
    EndpointSet set = EndpointSet.of(endpoints);

    assertThat(EndpointSet.of(shuffled)).isEqualTo(set).hasSameHashCodeAs(set);
    assertThat(EndpointSet.of(set.endpoints())).isEqualTo(set);
    assertThat(set.endpoints()).extracting(Endpoint::address).doesNotHaveDuplicates();
    for (Endpoint endpoint : endpoints) {
      assertThat(set.contains(endpoint.address())).isTrue();
      assertThat(set.at(endpoint.address()).orElseThrow().address()).isEqualTo(endpoint.address());
    }
    assertThat(set.contains(new HostPort("not-in-any-list", 1))).isFalse();
  }

  @Property
  void anOverlayHoldsAllAddressesAndTheOthersWord(
      @ForAll("endpoints") List<Endpoint> below, @ForAll("endpoints") List<Endpoint> above) {
    EndpointSet top = EndpointSet.of(above);
    EndpointSet overlaid = EndpointSet.of(below).overlaidWith(top);

    assertThat(overlaid.endpoints()).containsAll(top.endpoints());
    below.forEach(e -> assertThat(overlaid.contains(e.address())).isTrue());
    overlaid
        .endpoints()
        .forEach(
            e ->
                assertThat(top.contains(e.address()) || EndpointSet.of(below).contains(e.address()))
                    .isTrue());
  }

  @Provide
  Arbitrary<ServiceName> services() {
    Arbitrary<String> namespaces =
        segments().list().ofMaxSize(3).map(segments -> String.join("/", segments));
    Arbitrary<@Nullable String> ports = segments().injectNull(0.5);
    return Combinators.combine(namespaces, segments(), ports).as(ServiceName::new);
  }

  @Provide
  Arbitrary<HostPort> addresses() {
    Arbitrary<String> hosts =
        Arbitraries.oneOf(
            segments(),
            Arbitraries.of("10.0.0.7", "fd00::7", "::1", "::", "fe80::1%eth0", "::ffff:10.0.0.1"));
    return Combinators.combine(hosts, Arbitraries.integers().between(1, 65535)).as(HostPort::new);
  }

  @Provide
  Arbitrary<Map<String, String>> parameters() {
    Arbitrary<String> values =
        Arbitraries.strings().alpha().numeric().withChars("-_.:,+/").ofMinLength(1);
    return Arbitraries.maps(Arbitraries.strings().alpha().ofMinLength(1), values).ofMaxSize(3);
  }

  @Provide
  Arbitrary<String> passwords() {
    return Arbitraries.strings().alpha().numeric().withChars("+@:!").ofMinLength(6);
  }

  @Provide
  Arbitrary<List<Endpoint>> endpoints() {
    return RandomEndpoints.lists();
  }

  private Arbitrary<String> segments() {
    return Arbitraries.strings()
        .withChars("._-")
        .alpha()
        .numeric()
        .ofMinLength(1)
        .ofMaxLength(20)
        .filter(s -> !s.equals(".") && !s.equals(".."));
  }

  private static void readsOrRefuses(Runnable parse) {
    readsOrRefuses(parse, message -> assertThat(message).contains("(expected: "));
  }

  private static void readsOrRefuses(Runnable parse, Consumer<String> judgeMessage) {
    try {
      parse.run();
    } catch (IllegalArgumentException e) {
      judgeMessage.accept(String.valueOf(e.getMessage()));
    }
  }
}
