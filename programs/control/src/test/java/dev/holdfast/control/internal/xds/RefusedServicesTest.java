package dev.holdfast.control.internal.xds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whom a service holds up of which nothing is known, pending or refused. */
class RefusedServicesTest {
  private static final XdsResource ORDERS =
      new Content(1, List.of(), false).resource(ResourceType.LISTENER, "orders");
  private static final XdsResource SHOP =
      new Content(2, List.of(), false).resource(ResourceType.LISTENER, "shop");
  private static final XdsSnapshot PENDING =
      XdsSnapshot.of(List.of(ORDERS), new XdsSnapshot.UnknownServices(Set.of("shop"), Set.of()));
  private static final XdsSnapshot REFUSED =
      XdsSnapshot.of(List.of(ORDERS), new XdsSnapshot.UnknownServices(Set.of(), Set.of("shop")));
  private static final XdsSnapshot CORRECTED = XdsSnapshot.of(List.of(ORDERS, SHOP));

  @ParameterizedTest(name = "asking for {0}: {1} while it is pending, {2} once it is refused")
  @CsvSource({
    "*, nothing, orders",
    "orders, orders, orders",
    "orders shop, nothing, orders",
    "shop, nothing, nothing",
    "shop nobody, nothing, none",
  })
  void whoGetsWhat(String asked, String whilePending, String whenRefused) throws Exception {
    assertThat(told(sotw(asked), PENDING)).isEqualTo(whilePending);
    assertThat(told(sotw(asked), REFUSED)).isEqualTo(whenRefused);
  }

  @ParameterizedTest
  @CsvSource({"*, orders shop", "orders shop, orders shop", "shop, shop"})
  void whatIsCorrectedIsSent(String asked, String expected) throws Exception {
    SotwStream stream = sotw(asked);
    Optional<XdsResponse> first = stream.poll(REFUSED);
    if (first.isPresent()) {
      var unused = stream.onRequest(request(asked, first.get().nonce()));
    }

    assertThat(told(stream, CORRECTED)).isEqualTo(expected);
  }

  @Test
  void anIncrementalClientKeepsWhatItHasOfIt() throws Exception {
    DeltaStream stream = new DeltaStream();
    var unused =
        stream.onRequest(
            new DeltaRequest(
                ResourceType.LISTENER,
                List.of("*", "shop"),
                List.of(),
                Map.of("shop", SHOP.version()),
                "",
                Optional.empty()));
    XdsResponse reply = stream.poll(REFUSED).orElseThrow();

    assertThat(reply.resources()).containsExactly(ORDERS);
    assertThat(reply.removed()).isEmpty();
  }

  private static SotwStream sotw(String asked) throws XdsViolation {
    SotwStream stream = new SotwStream();
    var unused = stream.onRequest(request(asked, ""));
    return stream;
  }

  private static SotwRequest request(String asked, String nonce) {
    return new SotwRequest(
        ResourceType.LISTENER, List.of(asked.split(" ", -1)), nonce, Optional.empty());
  }

  private static String told(SotwStream stream, XdsSnapshot snapshot) {
    return stream
        .poll(snapshot)
        .map(reply -> String.join(" ", reply.resources().stream().map(XdsResource::name).toList()))
        .map(names -> names.isEmpty() ? "none" : names)
        .orElse("nothing");
  }
}
