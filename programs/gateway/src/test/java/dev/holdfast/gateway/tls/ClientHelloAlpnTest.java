package dev.holdfast.gateway.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ClientHelloAlpnTest {
  private static final List<String> KNOWN = List.of("h2", "http/1.1");

  @Test
  void oneKnownProtocolIsEnough() {
    assertThat(ClientHelloAlpn.fit(hello("h2"), KNOWN)).isTrue();
    assertThat(ClientHelloAlpn.fit(hello("imap", "http/1.1"), KNOWN)).isTrue();
  }

  @Test
  void unknownProtocolsAloneDoNotFit() {
    assertThat(ClientHelloAlpn.fit(hello("imap", "h3", "http/1.0"), KNOWN)).isFalse();
  }

  @Test
  void noProtocolAtAllFits() {
    assertThat(ClientHelloAlpn.fit(hello(), KNOWN)).isTrue();
  }

  @Test
  void whatMakesNoSenseIsForTheHandshake() {
    ByteBuf whole = hello("imap");
    for (int length = 0; length < whole.readableBytes(); length++) {
      assertThat(ClientHelloAlpn.fit(whole.slice(0, length), KNOWN)).isTrue();
    }
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = new byte[random.nextInt(80)];
      random.nextBytes(bytes);
      // It may say either, but says it.
      boolean unused = ClientHelloAlpn.fit(Unpooled.wrappedBuffer(bytes), KNOWN);
    }
  }

  private static ByteBuf hello(String... protocols) {
    ByteBuf names = Unpooled.buffer();
    for (String each : protocols) {
      names.writeByte(each.length());
      names.writeCharSequence(each, StandardCharsets.US_ASCII);
    }
    ByteBuf extensions = Unpooled.buffer().writeShort(10).writeShort(2).writeShort(0);
    if (protocols.length > 0) {
      extensions.writeShort(16).writeShort(2 + names.readableBytes());
      extensions.writeShort(names.readableBytes()).writeBytes(names);
    }
    return Unpooled.buffer()
        .writeZero(34)
        .writeByte(4)
        .writeZero(4)
        .writeShort(2)
        .writeZero(2)
        .writeByte(1)
        .writeZero(1)
        .writeShort(extensions.readableBytes())
        .writeBytes(extensions);
  }
}
