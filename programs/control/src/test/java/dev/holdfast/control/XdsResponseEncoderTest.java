package dev.holdfast.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import dev.holdfast.control.internal.xds.XdsResponse;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Responses that say the same share their bytes, and are what protobuf would have made. */
class XdsResponseEncoderTest {
  private static final XdsResource ORDERS =
      XdsResource.of(ResourceType.ENDPOINTS, "orders", StringValue.of("a list"));

  private final XdsResponseEncoder encoder = new XdsResponseEncoder("me");

  private static XdsResponse reply(String nonce) {
    return new XdsResponse(ResourceType.ENDPOINTS, List.of(ORDERS), List.of("gone"), nonce);
  }

  @Test
  void aResponseIsReadAsItWasMeant() throws IOException {
    DiscoveryResponse read = DiscoveryResponse.parseFrom(encoder.sotw(reply("7")).stream());

    assertThat(read.getNonce()).isEqualTo("7");
    assertThat(read.getVersionInfo()).isEqualTo(reply("8").version());
    assertThat(read.getTypeUrl()).isEqualTo(ResourceType.ENDPOINTS.typeUrl());
    assertThat(read.getResources(0).getValue()).isEqualTo(ORDERS.value());
    assertThat(read.getControlPlane().getIdentifier()).isEqualTo("me");
  }

  @Test
  void anIncrementalResponseIsReadAsItWasMeant() throws IOException {
    DeltaDiscoveryResponse read =
        DeltaDiscoveryResponse.parseFrom(encoder.delta(reply("7")).stream());

    assertThat(read.getNonce()).isEqualTo("7");
    assertThat(read.getRemovedResourcesList()).containsExactly("gone");
    assertThat(read.getResources(0).getName()).isEqualTo("orders");
    assertThat(read.getResources(0).getVersion()).isEqualTo(ORDERS.version());
    assertThat(read.getResources(0).getResource().getValue()).isEqualTo(ORDERS.value());
  }

  @Test
  void streamsThatAreSentTheSameShareItsBytes() {
    EncodedXdsResponse one = encoder.sotw(reply("1"));
    assertThat(encoder.sotw(reply("2")).sharesWith(one)).isTrue();
    assertThat(encoder.delta(reply("2")).sharesWith(one)).isFalse();
  }

  @Test
  void bytesComeTheSameHoweverTheyAreRead() throws IOException {
    EncodedXdsResponse encoded = encoder.sotw(reply("1"));
    byte[] whole = encoded.stream().readAllBytes();
    ByteArrayOutputStream drained = new ByteArrayOutputStream();
    InputStream stream = encoded.stream();
    assertThat(stream).isInstanceOf(KnownLength.class);
    assertThat(stream.available()).isEqualTo(whole.length);
    int first = stream.read();
    drained.write(first);
    assertThat(stream.available()).isEqualTo(whole.length - 1);
    assertThat(((Drainable) stream).drainTo(drained)).isEqualTo(whole.length - 1);
    assertThat(drained.toByteArray()).isEqualTo(whole);
    assertThat(stream.available()).isZero();
  }
}
