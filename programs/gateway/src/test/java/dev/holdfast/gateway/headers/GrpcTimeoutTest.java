package dev.holdfast.gateway.headers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GrpcTimeoutTest {
  @ParameterizedTest
  @CsvSource({
    "1n, 1", "7u, 7000", "150m, 150000000", "2S, 2000000000", "3M, 180000000000",
    "1H, 3600000000000", "99999999H, 9223372036854775807", "0S, 0", "S, -1", "'', -1",
    "123456789S, -1", "1s, -1", "-1S, -1", "1.5S, -1"
  })
  void readsDigitsAndUnit(String text, long nanos) {
    assertThat(GrpcTimeout.parse(text)).isEqualTo(nanos);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1n",
    "99999999, 99999999n",
    "100000000, 100000u",
    "1499999999, 1500000u",
    "99999999999, 100000m",
    "100000000000, 100000m",
    "200000000000000, 200000S",
    "9223372036854775807, 153722868M",
    "0, 1n",
    "-5, 1n"
  })
  void writesTheFinestUnitThatHasRoom(long nanos, String text) {
    assertThat(GrpcTimeout.format(nanos).toString()).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "1500000000, 1.5s",
    "1502000000, 1.502s",
    "0, 0s",
    "20000000, 0.02s",
    "60000000000, 60s"
  })
  void isReadable(long nanos, String text) {
    assertThat(GrpcTimeout.inSeconds(nanos)).isEqualTo(text);
  }
}
