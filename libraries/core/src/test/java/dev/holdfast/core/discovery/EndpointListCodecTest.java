package dev.holdfast.core.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RandomEndpoints;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class EndpointListCodecTest {
  @Property
  void anyListSurvivesTheDisk(@ForAll("endpoints") List<Endpoint> endpoints) {
    EndpointSet set = EndpointSet.of(endpoints);
    byte[] bytes = EndpointListCodec.format(set, Instant.EPOCH);

    assertThat(EndpointListCodec.parse(bytes).endpoints()).isEqualTo(set);
  }

  @Provide
  Arbitrary<List<Endpoint>> endpoints() {
    return RandomEndpoints.lists();
  }
}
