package dev.holdfast.bench.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkageErrorsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "java.lang.NoSuchMethodError: 'void io.grpc.X.y()'",
        "Caused by: java.lang.NoClassDefFoundError: io/grpc/X",
        "java.lang.AbstractMethodError",
        "java.lang.IncompatibleClassChangeError: class X"
      })
  void linesThatNameOneAreRecognized(String line) {
    assertThat(LinkageErrors.isIn(line)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "READY 9090", "java.lang.IllegalStateException: no such method"})
  void otherLinesAreNot(String line) {
    assertThat(LinkageErrors.isIn(line)).isFalse();
  }
}
