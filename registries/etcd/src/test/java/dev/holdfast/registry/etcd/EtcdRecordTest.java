package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.registry.etcd.EtcdRecord.EndpointValue;
import dev.holdfast.registry.etcd.EtcdRecord.MalformedValue;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that we write come back as they were; values of others never do harm. */
class EtcdRecordTest {

  @Property(tries = 500)
  void whatWasWrittenIsRead(@ForAll("endpoints") Endpoint endpoint) {
    assertThat(EtcdRecord.decode(EtcdRecord.encode(endpoint)))
        .isEqualTo(new EndpointValue(endpoint));
  }

  @Property(tries = 2000)
  void noBytesMakeReadingFail(@ForAll byte[] bytes) {
    assertThat(EtcdRecord.decode(ByteString.copyFrom(bytes))).isNotNull();
  }

  @Property(tries = 1000)
  void noDamageToARecordMakesReadingFail(
      @ForAll("endpoints") Endpoint endpoint, @ForAll int at, @ForAll byte with) {
    byte[] bytes = EtcdRecord.encode(endpoint).toByteArray();
    bytes[Math.floorMod(at, bytes.length)] = with;
    assertThat(EtcdRecord.decode(ByteString.copyFrom(bytes))).isNotNull();
  }

  @Provide
  Arbitrary<Endpoint> endpoints() {
    Arbitrary<HostPort> addresses =
        Combinators.combine(
                Arbitraries.of("10.0.0.1", "fd00::7", "orders.example"),
                Arbitraries.integers().between(1, 65535))
            .as(HostPort::new);
    Arbitrary<Map<String, String>> metadata =
        Arbitraries.maps(Arbitraries.strings().ofMaxLength(8), Arbitraries.strings().ofMaxLength(8))
            .ofMaxSize(4);
    return Combinators.combine(
            addresses,
            Arbitraries.strings().ofMaxLength(20),
            Arbitraries.strings().ofMaxLength(8),
            Arbitraries.integers().between(1, Endpoint.MAX_WEIGHT),
            Arbitraries.of(true, false),
            Arbitraries.of(true, false),
            metadata)
        .as(Endpoint::new)
        .filter(EtcdRecordTest::isUnicode);
  }

  /** Lone surrogates have no UTF-8. */
  private static boolean isUnicode(Endpoint endpoint) {
    String all = endpoint.instance() + endpoint.zone() + endpoint.metadata();
    return all.chars().noneMatch(c -> Character.isSurrogate((char) c));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.1:1",
        " 10.0.0.1:1\n",
        "\"10.0.0.1:1\"",
        "{\"Addr\":\"10.0.0.1:1\"}",
        "{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":null}",
        "{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":17}",
        "{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":\"text\"}",
        "{\"Op\":0,\"Addr\":\"10.0.0.1:1\",\"Metadata\":[{\"a\":[]}]}",
        "{\"Metadata\":{\"n\":{\"m\":[1]},\"l\":[{}]},\"Addr\":\"10.0.0.1:1\"}",
        "{\"Unknown\":{\"Addr\":\"no\"},\"Addr\":\"10.0.0.1:1\",\"Holdfast\":\"no\"}",
        "{\"Addr\":\"10.0.0.1:1\",\"Holdfast\":{\"zone\":[1],\"weight\":{},\"metadata\":3,\"x\":[[]]}}",
      })
  void whatOthersWriteIsUnderstood(String value) {
    assertThat(EtcdRecord.decode(ByteString.copyFromUtf8(value)))
        .isEqualTo(new EndpointValue(Endpoint.of("10.0.0.1:1")));
  }

  @Test
  void plainValuesOfForeignMetadataAreKeptAndOursCount() {
    String value =
        "{\"Addr\":\"10.0.0.1:1\",\"Metadata\":{\"a\":1,\"b\":\"x\"},"
            + "\"Holdfast\":{\"weight\":99999,\"metadata\":{\"b\":\"y\"}}}";
    assertThat(EtcdRecord.decode(ByteString.copyFromUtf8(value)))
        .isEqualTo(
            new EndpointValue(
                Endpoint.of("10.0.0.1:1")
                    .withWeight(Endpoint.MAX_WEIGHT)
                    .withMetadata(Map.of("a", "1", "b", "y"))));
  }

  @Test
  void nothingIsNotGarbage() {
    assertThat(EtcdRecord.decode(ByteString.EMPTY)).isEqualTo(new EtcdRecord.EmptyValue());
    assertThat(EtcdRecord.decode(ByteString.copyFromUtf8(" \n")))
        .isEqualTo(new EtcdRecord.EmptyValue());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{", "{}", "[]", "null", "{\"Addr\":\"no port\"}", "10.0.0.1", "\"", "{]"})
  void garbageSaysWhatItWas(String value) {
    assertThat(EtcdRecord.decode(ByteString.copyFromUtf8(value)))
        .isInstanceOfSatisfying(
            MalformedValue.class,
            malformedValue -> assertThat(malformedValue.reason()).contains(value));
  }

  @Test
  void longGarbageIsNeitherRepeatedNorAbleToForgeALogLine() {
    ByteString value = ByteString.copyFromUtf8("x\nforged=line" + "x".repeat(1_000_000));
    assertThat(EtcdRecord.decode(value))
        .isInstanceOfSatisfying(
            MalformedValue.class,
            malformedValue ->
                assertThat(malformedValue.reason()).hasSizeLessThan(200).doesNotContain("\n"));
  }
}
