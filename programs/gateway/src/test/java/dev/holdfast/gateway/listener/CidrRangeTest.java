package dev.holdfast.gateway.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrRangeTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.1.2, 11.0.0.1",
    "10.128.0.0/9, 10.128.0.1, 10.127.255.255",
    "192.0.2.7, 192.0.2.7, 192.0.2.6",
    "192.0.2.6/31, 192.0.2.7, 192.0.2.8",
    "0.0.0.0/0, 203.0.113.9, ::1",
    "::/0, 2001:db8::1, 10.0.0.1",
    "2001:db8::/33, 2001:db8:7fff::1, 2001:db8:8000::1",
    "::ffff:10.0.0.0/104, 10.1.2.3, 11.0.0.1",
    "::ffff:192.0.2.7, 192.0.2.7, 192.0.2.6"
  })
  void containsWhatBeginsWithItsBits(String text, String inside, String outside) throws Exception {
    CidrRange cidrRange = CidrRange.parse("trusted", text);
    assertThat(cidrRange.contains(InetAddress.getByName(inside))).isTrue();
    assertThat(cidrRange.contains(InetAddress.getByName(outside))).isFalse();
    assertThat(CidrRange.parse("trusted", cidrRange.toString())).isEqualTo(cidrRange);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "::/129",
        "::ffff:10.0.0.0/95"
      })
  void namesWhatIsNoNetwork(String text) {
    assertThatThrownBy(() -> CidrRange.parse("trusted", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("trusted: " + text + " (expected: " + CidrRange.EXPECTED + ")");
  }
}
