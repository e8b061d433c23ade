package dev.holdfast.registry.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.registry.kubernetes.Slice.Backend;
import dev.holdfast.registry.kubernetes.Slice.EndpointPort;
import dev.holdfast.registry.kubernetes.Slice.Family;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What slices mean. */
class SliceMapperTest {
  private static final EndpointPort GRPC = new EndpointPort("grpc", 50051, "");
  private static final EndpointPort ADMIN = new EndpointPort("admin", 8080, "");

  @Test
  void slicesOfAServiceAreOneList() {
    assertThat(
            addresses("", slice("a", "1", ready("10.0.0.1")), slice("b", "2", ready("10.0.0.2"))))
        .containsExactly("10.0.0.1:50051", "10.0.0.2:50051");
  }

  @Test
  void ofAnAddressInTwoSlicesTheOneThatWasWrittenLastCounts() {
    Slice old = slice("z", "9", ready("10.0.0.1"));
    Slice young = slice("a", "10", leaving("10.0.0.1"));
    assertThat(map("", old, young)).singleElement().matches(Endpoint::draining);
    Slice younger = slice("a", "8", leaving("10.0.0.1"));
    assertThat(map("", old, younger)).singleElement().matches(Endpoint::isEligible);
  }

  @Test
  void aTerminatingEndpointDrainsAndServingSaysWhetherItCouldBeUsed() {
    Backend serving = leaving("10.0.0.1");
    Backend gone = new Backend("10.0.0.2", false, false, true, "", "", "", List.of());
    List<Endpoint> endpoints = map("", slice("a", "1", serving, gone));
    assertThat(endpoints).allMatch(Endpoint::draining);
    assertThat(endpoints).extracting(Endpoint::ready).containsExactly(true, false);
  }

  @Test
  void conditionsThatAreNotSaidMeanReady() throws Exception {
    String json =
        """
        {"metadata":{"name":"a","resourceVersion":"1",
        "labels":{"kubernetes.io/service-name":"orders"}},
        "addressType":"IPv4","ports":[{"port":50051,"name":""}],
        "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":null}},
        {"addresses":["10.0.0.2"],"conditions":null},
        {"addresses":["10.0.0.3"],"conditions":{"ready":false,"serving":true,"terminating":true}},
        {"addresses":["not an address"]},
        {"addresses":[]},
        {"addresses":["10.0.0.4"],"targetRef":{"kind":"Pod","name":"orders-0","uid":"7"},
        "nodeName":"node-1","zone":"b","deprecatedTopology":{"x":"y"}}]}
        """;
    byte[] word =
        ("{\"type\":\"ADDED\",\"object\":" + json.replace('\n', ' ') + "}")
            .getBytes(StandardCharsets.UTF_8);
    SliceEvent event = ApiJson.event(word, 0, word.length);
    assertThat(event).isInstanceOf(SliceEvent.PutEvent.class);
    SliceEvent.PutEvent putEvent = (SliceEvent.PutEvent) event;
    assertThat(putEvent.malformed()).isEqualTo(2);
    List<Endpoint> endpoints = map("", putEvent.slice());
    assertThat(endpoints).extracting(Endpoint::isEligible).containsExactly(true, true, false, true);
    assertThat(endpoints.get(3))
        .isEqualTo(
            Endpoint.of("10.0.0.4:50051")
                .withInstance("orders-0")
                .withZone("b")
                .withMetadata(Map.of("node", "node-1")));
  }

  @Test
  void aPortIsFoundByItsNameWhateverItsNumberIsInEachSlice() {
    Slice blue = slice("a", "1", List.of(GRPC, ADMIN), ready("10.0.0.1"));
    Slice green = slice("b", "2", List.of(new EndpointPort("grpc", 6000, "")), ready("10.0.0.2"));
    assertThat(addresses("grpc", blue, green)).containsExactly("10.0.0.1:50051", "10.0.0.2:6000");
    assertThat(addresses("admin", blue, green)).containsExactly("10.0.0.1:8080");
  }

  @Test
  void aPortIsFoundByItsNumberOnThePods() {
    Slice slice = slice("a", "1", List.of(GRPC, ADMIN), ready("10.0.0.1"));
    assertThat(addresses("8080", slice)).containsExactly("10.0.0.1:8080");
  }

  @Test
  void twoPortsWithOneNumberAreOneAddress() {
    Slice slice =
        slice("a", "1", List.of(GRPC, new EndpointPort("web", 50051, "")), ready("10.0.0.1"));
    assertThat(addresses("50051", slice)).containsExactly("10.0.0.1:50051");
    assertThat(addresses("grpc", slice)).containsExactly("10.0.0.1:50051");
    assertThat(addresses("web", slice)).containsExactly("10.0.0.1:50051");
  }

  @Test
  void withoutAPortTheOneThatSpeaksGrpcIsTaken() {
    EndpointPort h2c = new EndpointPort("api", 7000, "kubernetes.io/h2c");
    assertThat(addresses("", slice("a", "1", List.of(ADMIN, GRPC), ready("10.0.0.1"))))
        .containsExactly("10.0.0.1:50051");
    assertThat(addresses("", slice("a", "1", List.of(ADMIN, h2c), ready("10.0.0.1"))))
        .containsExactly("10.0.0.1:7000");
    assertThat(addresses("", slice("a", "1", List.of(ADMIN), ready("10.0.0.1"))))
        .containsExactly("10.0.0.1:8080");
  }

  @Test
  void aPortThatIsNotThereNamesThoseThatAre() {
    Slice slice = slice("a", "1", List.of(GRPC, ADMIN), ready("10.0.0.1"));
    assertThat(problem("grcp", slice))
        .isEqualTo(
            "port: \"grcp\" (expected: admin or 8080, grpc or 50051; numbers are those of the"
                + " pods)");
    Slice unclear =
        slice("a", "1", List.of(ADMIN, new EndpointPort("api", 1, "")), ready("10.0.0.1"));
    assertThat(problem("", unclear))
        .startsWith("port: not said (expected: admin or 8080, api or 1");
    assertThat(problem("70000", slice)).startsWith("port: \"70000\" (expected: ");
  }

  @Test
  void aServiceWithoutEndpointsHasNoProblemWithItsPort() {
    Slice placeholder = slice("a", "1", List.of());
    assertThat(addresses("grpc", placeholder)).isEmpty();
    assertThat(addresses("", placeholder)).isEmpty();
    assertThat(addresses("grpc")).isEmpty();
  }

  @Test
  void aServiceThatNamesNoPortTakesTheNumber() {
    Slice open = slice("a", "1", List.of(), ready("10.0.0.1"));
    assertThat(addresses("50051", open)).containsExactly("10.0.0.1:50051");
    assertThat(problem("", open)).contains("a number, as the Service names no port");
  }

  @Test
  void ofTwoFamiliesThePreferredOneIsUsedWhileItHasEndpoints() {
    Slice four = slice("a", "1", ready("10.0.0.1"));
    Slice six =
        new Slice("b", "orders", "2", Family.IPV6, List.of(GRPC), List.of(ready("fd00::1")));
    Slice names =
        new Slice("c", "orders", "3", Family.OTHER, List.of(GRPC), List.of(ready("x.example")));
    assertThat(addresses("", four, six, names)).containsExactly("10.0.0.1:50051");
    assertThat(addresses("", slice("a", "1"), six, names)).containsExactly("[fd00::1]:50051");
    assertThat(text(new SliceMapper(new PortSelector(""), Family.IPV6).map(List.of(four, six))))
        .containsExactly("[fd00::1]:50051");
    assertThat(text(new SliceMapper(new PortSelector(""), Family.IPV6).map(List.of(four))))
        .containsExactly("10.0.0.1:50051");
  }

  @Test
  void hintsSayTheZoneWhenEveryReadyEndpointHasThem() {
    Backend local = inZone("10.0.0.1", "a", "a");
    Backend lent = inZone("10.0.0.2", "a", "b");
    Backend unready = new Backend("10.0.0.3", false, false, false, "", "", "c", List.of());
    List<Endpoint> endpoints = map("", slice("x", "1", local, lent, unready));
    assertThat(endpoints).extracting(Endpoint::zone).containsExactly("a", "b", "c");
    assertThat(endpoints.get(1).metadata()).containsExactly(Map.entry("zone", "a"));
    assertThat(endpoints.get(0).metadata()).isEmpty();
  }

  @Test
  void hintsDoNotCountWhenOneReadyEndpointLacksThem() {
    Backend lent = inZone("10.0.0.1", "a", "b");
    Slice hinted = slice("x", "1", lent);
    Slice plain = slice("y", "2", inZone("10.0.0.2", "b"));
    assertThat(map("", hinted, plain)).extracting(Endpoint::zone).containsExactly("a", "b");
  }

  @Test
  void tenThousandEndpointsAreOneList() {
    List<Slice> slices = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Backend[] backends = new Backend[100];
      for (int j = 0; j < 100; j++) {
        backends[j] = ready("10.0." + i + "." + j);
      }
      slices.add(slice("s" + i, Integer.toString(i), backends));
    }
    assertThat(map("grpc", slices.toArray(Slice[]::new))).hasSize(10_000);
  }

  private static Backend ready(String address) {
    return new Backend(address, true, true, false, "", "", "", List.of());
  }

  private static Backend leaving(String address) {
    return new Backend(address, false, true, true, "", "", "", List.of());
  }

  private static Backend inZone(String address, String zone, String... hints) {
    return new Backend(address, true, true, false, "", "", zone, List.of(hints));
  }

  private static Slice slice(String name, String version, Backend... backends) {
    return slice(name, version, List.of(GRPC), backends);
  }

  private static Slice slice(
      String name, String version, List<EndpointPort> endpointPorts, Backend... backends) {
    return new Slice(name, "orders", version, Family.IPV4, endpointPorts, List.of(backends));
  }

  private static List<Endpoint> map(String port, Slice... slices) {
    SliceMapper.Mapping mapping =
        new SliceMapper(new PortSelector(port), Family.IPV4).map(List.of(slices));
    assertThat(mapping.problem()).isNull();
    return mapping.endpoints().endpoints();
  }

  private static List<String> addresses(String port, Slice... slices) {
    return map(port, slices).stream().map(e -> e.address().toString()).toList();
  }

  private static List<String> text(SliceMapper.Mapping mapping) {
    return mapping.endpoints().endpoints().stream().map(e -> e.address().toString()).toList();
  }

  private static String problem(String port, Slice... slices) {
    return String.valueOf(
        new SliceMapper(new PortSelector(port), Family.IPV4).map(List.of(slices)).problem());
  }
}
