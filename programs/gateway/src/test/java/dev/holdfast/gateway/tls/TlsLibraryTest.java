package dev.holdfast.gateway.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.testkit.TestCertificate;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which library TLS is made with, by the property and by what can be loaded. */
class TlsLibraryTest {
  @TempDir Path folder;

  @Test
  void boringSslIsUsedWhereItCanBeLoaded() {
    TlsLibrary library = TlsLibrary.choose("", Optional::empty);
    assertThat(library.provider()).isEqualTo(SslProvider.OPENSSL);
    assertThat(library.name()).isEqualTo("boringssl");
  }

  @Test
  void theJdkStandsInAndTheReasonIsKept() {
    TlsLibrary library =
        TlsLibrary.choose(
            "", () -> Optional.of(new UnsatisfiedLinkError("failed to load: noexec")));
    assertThat(library.provider()).isEqualTo(SslProvider.JDK);
    assertThat(library.reason())
        .startsWith("netty-tcnative can't be used: ")
        .contains("UnsatisfiedLinkError: failed to load: noexec");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdk", "JDK"})
  void theJdkCanBeAskedForAndNothingElseIsLoadedThen(String said) {
    TlsLibrary library =
        TlsLibrary.choose(
            said,
            () -> {
              throw new AssertionError("looked for");
            });
    assertThat(library.provider()).isEqualTo(SslProvider.JDK);
    assertThat(library.reason()).isEqualTo("-Dholdfast.gateway.tls=jdk");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jkd", "openssl", "boringssl", "true", " ", "jdk "})
  void anythingElseIsRefused(String said) {
    assertThatThrownBy(() -> TlsLibrary.choose(said, Optional::empty))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "holdfast.gateway.tls: \"%s\" (expected: jdk, or not set for BoringSSL where it can be"
                + " loaded)",
            said);
  }

  @Test
  void theLogSaysOnceWhichOneServes() throws Exception {
    try (TlsContexts ring = TlsContexts.open(new SimpleMeterRegistry());
        LogLines log = LogLines.ofThisThread(TlsContexts.class)) {
      assertThat(log.all()).isEmpty();
      ring.server(listener("a"));
      ring.server(listener("b"));
      ring.client(new UpstreamTls(Optional.empty(), Optional.empty(), Optional.empty()));
      assertThat(log.untidy()).isEmpty();
      assertThat(log.all())
          .containsExactly(
              OpenSsl.isAvailable()
                  ? "INFO event=tls_library library=boringssl reason=\"netty-tcnative could be"
                      + " loaded\""
                  : "INFO event=tls_library library=jdk reason=\"netty-tcnative can't be used: "
                      + OpenSsl.unavailabilityCause()
                      + "\"");
    }
  }

  private ListenerTls listener(String name) throws Exception {
    TestCertificate own = TestCertificate.create(Files.createDirectory(folder.resolve(name)), name);
    return new ListenerTls(
        new TlsIdentity(own.certificate().toPath(), own.key().toPath()), Optional.empty());
  }
}
