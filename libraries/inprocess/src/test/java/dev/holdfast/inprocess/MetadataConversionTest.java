package dev.holdfast.inprocess;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.netty.handler.codec.http2.Http2Headers;
import org.junit.jupiter.api.Test;

class MetadataConversionTest {
  @Test
  void valuesThatCouldBeginAnotherHeaderAreLeftOut() {
    Metadata metadata = new Metadata();
    metadata.put(key("x-good"), "a b~");
    metadata.put(key("x-break"), "a\r\nset-cookie: b");
    metadata.put(key("x-nul"), "a\u0000");
    metadata.put(key("x-tab"), "a\tb");
    metadata.put(key("x-more"), "caf\u00e9");
    metadata.put(
        Metadata.Key.of("x-some-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[] {13, 10, 0});
    Http2Headers headers = MetadataConversion.http2(metadata);
    assertThat(headers.names()).map(CharSequence::toString).doesNotContain("x-break", "x-nul");
    assertThat(headers.names()).map(CharSequence::toString).doesNotContain("x-tab");
    assertThat(headers.get("x-good")).hasToString("a b~");
    assertThat(headers.get("x-some-bin")).hasToString("DQoA");
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
