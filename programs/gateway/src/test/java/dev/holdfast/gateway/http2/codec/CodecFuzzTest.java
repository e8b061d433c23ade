package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our codec does with the seeds of a fuzzer, and with what it makes of them, what Netty's does. The
 * fuzzer runs for {@code -Dholdfast.codec.fuzz-seconds}, with the profile {@code fuzz}.
 */
class CodecFuzzTest {
  static Stream<byte[]> seeds() {
    return CodecFuzz.seeds();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void doesWhatNettyDoes(byte[] seed) throws Exception {
    CodecFuzz.fuzzerTestOneInput(seed);
  }

  /** The time of the fuzzer, if any was asked for. */
  static IntStream seconds() {
    return IntStream.of(Integer.getInteger("holdfast.codec.fuzz-seconds", 0)).filter(s -> s > 0);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("seconds")
  @Timeout(7_200)
  void doesWhatNettyDoesWhereverCoverageLeads(int seconds) throws Exception {
    Path folder = Path.of("target", "codec-fuzz").toAbsolutePath();
    assertThat(CodecFuzzRun.run(folder, seconds))
        .as("exit code of the fuzzer, whose words are in %s/fuzzer.log", folder)
        .isZero();
  }
}
