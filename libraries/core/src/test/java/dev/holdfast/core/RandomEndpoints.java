package dev.holdfast.core;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Lists of endpoints for properties: few addresses, so that some occur twice. */
public final class RandomEndpoints {
  private RandomEndpoints() {}

  public static Arbitrary<List<Endpoint>> lists() {
    Arbitrary<HostPort> few =
        Arbitraries.integers().between(1, 8).map(n -> new HostPort("10.0.0." + n, 1 + n % 2));
    Arbitrary<Map<String, String>> metadata =
        Arbitraries.maps(Arbitraries.strings().ofMaxLength(5), Arbitraries.strings().ofMaxLength(5))
            .ofMaxSize(2);
    return Combinators.combine(
            few,
            Arbitraries.strings().ofMaxLength(3),
            Arbitraries.of("", "a", "b"),
            Arbitraries.integers().between(1, Endpoint.MAX_WEIGHT),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            metadata)
        .as(Endpoint::new)
        .list()
        .ofMaxSize(12);
  }
}
