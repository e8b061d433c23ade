package dev.holdfast.streams.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a header says that only one side may say. */
class FrameDirectionTest {
  @ParameterizedTest(name = "flags {0}, low {1}, status {2}")
  @CsvSource({
    "  0, 0,  0, true,  true",
    // FINAL, with a status or MOVED.
    "  1, 0,  0, false, true",
    "  1, 0, 14, false, true",
    "129, 0, 14, false, true",
    // MOVED or a status without FINAL.
    "128, 0,  0, false, false",
    "  0, 0, 14, false, false",
    // HALF_CLOSE, CANCEL.
    "  2, 0,  0, true,  false",
    "  4, 0,  0, true,  false",
    // DRAIN, LEAVING, which may follow an earlier DRAIN.
    "  8, 0,  0, false, true",
    " 16, 0,  0, false, true",
    " 24, 0,  0, false, true",
    // SETTLED, with low or none; low alone.
    " 32, 0,  0, true,  false",
    " 32, 5,  0, true,  false",
    "  0, 5,  0, false, false",
    // ECHO.
    " 64, 0,  0, true,  true"
  })
  void eachSideHasItsOwnFlags(int flags, long low, int status, boolean client, boolean server) {
    FrameHeader header = new FrameHeader(1, 1, 0, 0, flags, low, status, 0);

    assertThat(header.isOfClient()).isEqualTo(client);
    assertThat(header.isOfServer()).isEqualTo(server);
  }
}
